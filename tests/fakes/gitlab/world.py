"""What GitLab knows: users, groups, tokens, projects, and what tests tell it about those."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.fakes.gitlab.model import (
    DEVELOPER,
    MAINTAINER,
    OWNER,
    Group,
    MergeRequest,
    Project,
    ProtectedBranch,
    Token,
    User,
)
from tests.fakes.shared.bare import Bare

# Patterns of refs, one a line, are in the environment of the server that runs the hook.
_PRE_RECEIVE = r"""#!/bin/bash
refuse() { echo "GitLab: $1" >&2; exit 1; }
listed() {
    local pattern
    while read -r pattern; do [[ -n $pattern && $1 == $pattern ]] && return 0; done <<< "$2"
    return 1
}
none=0000000000000000000000000000000000000000
while read -r old new ref; do
    if [[ $old != "$none" ]] && listed "$ref" "$FAKE_UNFORCED"; then
        [[ $new == "$none" ]] && refuse "You can only delete protected branches using the web interface."
        git merge-base --is-ancestor "$old" "$new" \
            || refuse "You are not allowed to force push code to a protected branch on this project."
    fi
    listed "$ref" "$FAKE_CLOSED" && refuse "You are not allowed to push code to protected branches on this project."
done
exit 0
"""
DAY = 24 * 3600


@dataclass
class World:
    """Everything, with git repositories below `folder`. Paths are found whatever their case, as on GitLab."""

    folder: Path
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    moved: dict[str, Project] = field(default_factory=dict)
    """Former paths of projects, from which GitLab redirects until a new one takes them."""
    tokens: dict[str, Token] = field(default_factory=dict)
    protects_default_branch: bool = True
    """Whether the first branch of a project is protected, as GitLab has it unless told otherwise."""
    late_shas: int = 0
    """In how many answers the sha of a new merge request is still missing."""
    tells_of_tokens: int = 200
    """What a question about the token that asks is answered with: 200, or 403 or 404 of older or restricted servers."""
    without_approvals: int = 404
    """What approval rules are answered with on the free plan: 404, or 403."""
    _ids: count[int] = field(default_factory=lambda: count(1001))

    def new_id(self) -> int:
        """An id that nothing else has."""
        return next(self._ids)

    def user(self, username: str, *, name: str = "", email: str = "") -> User:
        """Make a user."""
        return self._user(User(self.new_id(), username, name or username.capitalize(), email))

    def group(
        self,
        full_path: str,
        *,
        owners: Iterable[str] = (),
        developers: Iterable[str] = (),
        plan: str = "premium",
        visibility: str = "private",
    ) -> Group:
        """Make a group; groups around it and users who aren't there yet are made, too."""
        above, _, path = full_path.rpartition("/")
        parent = (
            (self.groups.get(above.lower()) or self.group(above, plan=plan, visibility=visibility)) if above else None
        )
        made = Group(self.new_id(), path, parent, visibility, plan)
        for level, usernames in {OWNER: owners, DEVELOPER: developers}.items():
            for each in usernames:
                if each.lower() not in self.users:
                    self.user(each)
                made.members[each] = level
        self.groups[full_path.lower()] = made
        return made

    def personal_token(self, username: str, *scopes: str, days: int | None = 365) -> str:
        """Make a token of a person, good for some days; None: without end, as older servers have them."""
        return self._token("glpat", f"{username}'s", self.users[username.lower()], scopes, days)

    def project_token(self, project: Project, *scopes: str, level: int = MAINTAINER, days: int = 365) -> str:
        """Make a token of a project: of a bot that is a member of it."""
        bot = self._bot(f"project_{project.id}")
        project.members[bot.username] = level
        return self._token("glpat", "project's", bot, scopes, days)

    def group_token(self, group: Group, *scopes: str, level: int = OWNER, days: int = 365) -> str:
        """Make a token of a group: of a bot that is a member of it."""
        bot = self._bot(f"group_{group.id}")
        group.members[bot.username] = level
        return self._token("glpat", "group's", bot, scopes, days)

    def expire(self, token: str) -> None:
        """Let a token's time be over."""
        self.tokens[token].expires = 0

    def revoke(self, token: str) -> None:
        """Take a token away from whoever has it."""
        self.tokens[token].revoked = True

    def commit(self, full_path: str, branch: str, files: Mapping[str, str | None]) -> str:
        """Commit to a branch as somebody else, without a request; the commit's id. Files without text are deleted."""
        return self.project(full_path).git.commit_files(branch, files)

    def project(self, full_path: str) -> Project:
        """The project of that path.

        Raises
        ------
        KeyError   there is none
        """
        return self.projects[full_path.lower()]

    def create_project(
        self,
        namespace: Group | User,
        path: str,
        *,
        name: str = "",
        visibility: str = "private",
        creator: User | None = None,
    ) -> Project:
        """Make an empty project."""
        identity = self.new_id()
        git = Bare(self.folder / f"{identity}.git")
        made = Project(identity, namespace, path, name or path, git, creator, visibility)
        git.create({"pre-receive": _PRE_RECEIVE})
        if creator:
            made.members[creator.username] = MAINTAINER
        self.moved.pop(made.full_path.lower(), None)
        self.projects[made.full_path.lower()] = made
        return made

    def rename(self, project: Project, path: str) -> None:
        """Give a project another path; its old one leads to it."""
        del self.projects[project.full_path.lower()]
        self.moved[project.full_path.lower()] = project
        project.path = path
        self.projects[project.full_path.lower()] = project

    def fork_merge_request(self, project: Project, branch: str, username: str) -> MergeRequest:
        """Somebody asks to merge a branch of a fork of theirs, which may be called as one of the project's own."""
        iid = len(project.merge_requests) + 1
        author, source = self.users[username.lower()], self.new_id()
        made = MergeRequest(self.new_id(), iid, author, "From a fork", None, branch, project.default_branch, source)
        project.merge_requests[iid] = made
        return made

    def protect(self, project: Project, name: str, *, push: int = MAINTAINER, merge: int = MAINTAINER) -> None:
        """Protect a branch, perhaps one that isn't there yet."""
        project.protected[name] = ProtectedBranch(self.new_id(), name, push, merge)

    def first_branch(self, project: Project, name: str) -> None:
        """A branch came into an empty project: it is the default one now, and protected."""
        if project.branch(project.default_branch) is None:
            project.default_branch = name
            project.git.run("symbolic-ref", "HEAD", f"refs/heads/{name}")
        if self.protects_default_branch and project.default_branch not in project.protected:
            self.protect(project, project.default_branch)

    def level(self, project: Project, user: User) -> int:
        """What somebody may do with a project: the most of what they have as members, above it or by sharing."""
        held = [project.members.get(user.username, 0)]
        if isinstance(project.namespace, Group):
            held.append(self.group_level(project.namespace, user))
        elif project.namespace is user:
            held.append(OWNER)
        by_id = {each.id: each for each in self.groups.values()}
        held += [min(level, self.group_level(by_id[key], user)) for key, level in project.shares.items()]
        return max(held)

    def group_level(self, group: Group, user: User) -> int:
        """What somebody may do in a group: the most of what they have there or in a group around it."""
        above = self.group_level(group.parent, user) if group.parent else 0
        return max(above, group.members.get(user.username, 0))

    def _token(self, kind: str, name: str, user: User, scopes: tuple[str, ...], days: int | None) -> str:
        value = f"{kind}-{secrets.token_urlsafe(15)}"
        expires = None if days is None else (time.time() // DAY + days) * DAY
        self.tokens[value] = Token(self.new_id(), value, f"{name} token", user, scopes, expires)
        return value

    def _bot(self, whose: str) -> User:
        return self._user(User(self.new_id(), f"{whose}_bot_{secrets.token_hex(8)}", "Scenedock", bot=True))

    def _user(self, made: User) -> User:
        self.users[made.username.lower()] = made
        return made
