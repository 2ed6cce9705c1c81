"""Change the settings of a repository on its code host: by a commit where that may be, else by a pull request."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Mapping

from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.changes.text import markdown, plain
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.code_hosts.remote_repository import no_branch
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import InputError, NotFoundError
from scenedock.gitops.changes import ChangeRequest, NewFile
from scenedock.model.code_hosts.commit import Attempt
from scenedock.model.similar import similar
from scenedock.structs import dataclass, replace
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.publish_change import How, Published
from scenedock.usecases.publishing.branch_names import branch_named
from scenedock.usecases.publishing.commit_change import commit_change
from scenedock.usecases.publishing.keep_proposal import keep_proposal
from scenedock.usecases.publishing.propose_change import Proposal, Proposed


@dataclass(frozen=True, slots=True)
class SettingsEdit:
    """An edit of settings: what it makes of their bytes, its `title` and the `reason`, and the branch that it has."""

    edited: Callable[[bytes], bytes]
    title: str
    reason: str
    branch: str


def edit_settings(
    hosts: CodeHosts,
    repositories: Mapping[str, ServedRepository],
    name: str,
    edit: SettingsEdit,
    how: How,
    attempt: Attempt,
) -> Published:
    """Edit the settings of the repository called `name` as they are on the code host.

    Raises
    ------
    InputError        where it lives isn't known, or its settings can't be edited
    NotFoundError     there is no such repository on the host
    NotAllowedError   its host or owner isn't in the list of code hosts, or our credentials don't suffice
    TemporaryError    the host can't be reached
    """
    with repositories[name].opened() as here:
        home = Home.read(name, here)
    address = home.address(hosts)
    hosts.host_of(address).check_reviewers(how.reviewers, how.team_reviewers)
    path = posixpath.join(home.prefix, FILE_NAME)
    with hosts.open(address) as repository:
        commits = how.commits and hosts.host_of(address).takes_commits(address)
        base = home.branch or repository.default_branch()
        if commits and attempt.tried_before and (earlier := repository.find_marked(base, attempt.mark)):
            return Published(name, Proposed(changed=True, branch=base, commit=earlier.commit), committed=True)
        head = repository.head(base)
        if head is None:
            raise no_branch(repository, base)
        listing = repository.listing(head, [path])
        before = repository.read(listing[path]) if path in listing else b""
        changes = ChangeRequest(files=(NewFile(path, edit.edited(before), expected=before),))
        message = f"{edit.title}\n\n{plain(edit.reason)}"
        if commits:
            made = commit_change(repository, hosts.host_of(address), changes, base, message, attempt)
            return Published(name, Proposed(made.changed, made.branch, made.commit), committed=made.changed)
        branch = branch_named(edit.branch, home.prefix)
        attempt = replace(attempt, content=hashlib.sha256(message.encode()).hexdigest()[:16])
        proposal = Proposal(
            changes,
            branch,
            base,
            edit.title,
            markdown(edit.reason),
            message,
            how.labels,
            how.reviewers,
            how.team_reviewers,
            changes_later=True,
        )
        return Published(name, keep_proposal(repository, proposal, attempt, supersede=True))


def only_repository(repositories: Mapping[str, ServedRepository], name: str | None) -> str:
    """The name of the repository that is meant: of the only one, if none is named.

    Raises
    ------
    InputError      there are several, or none
    NotFoundError   there is none of this name
    """
    if name is None and len(repositories) == 1:
        return next(iter(repositories))
    if name is None:
        raise InputError(f"name the `repository`: {', '.join(repositories) or 'the service has none'}")
    if name not in repositories:
        raise NotFoundError(f"there is no repository {name!r}{similar(name, sorted(repositories))}")
    return name
