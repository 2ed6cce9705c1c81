"""The nouns of GitLab, as the fake holds them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.fakes.shared.bare import Bare, Signature

GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 20, 30, 40, 50
"""What somebody may do in a group or project; 0 is nobody."""
VISIBILITY = {"private": 0, "internal": 10, "public": 20}


def now() -> str:
    """The time as GitLab writes it: `2026-01-31T12:00:00.000Z`."""
    return at(time.time())


def at(seconds: float) -> str:
    """A time in seconds since 1970 as GitLab writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


@dataclass(eq=False)
class User:
    """A person, or the bot of a token of a project or group."""

    id: int
    username: str
    name: str = ""
    email: str = ""
    state: str = "active"
    bot: bool = False
    created: str = field(default_factory=now)

    def signature(self) -> Signature:
        """How the user signs commits that GitLab makes for them, now."""
        email = self.email or f"{self.id}-{self.username}@users.noreply.gitlab.example"
        return Signature(self.name or self.username, email, f"{int(time.time())} +0000")


@dataclass(eq=False)
class Group:
    """A group, perhaps within another one. `members` are user names with their levels."""

    id: int
    path: str
    parent: Group | None = None
    visibility: str = "private"
    plan: str = "premium"
    """`free`, `premium` or `ultimate`; that of the topmost group counts."""
    members: dict[str, int] = field(default_factory=dict)

    @property
    def full_path(self) -> str:
        """The paths of all groups around it, and its own."""
        return f"{self.parent.full_path}/{self.path}" if self.parent else self.path

    @property
    def top(self) -> Group:
        """The topmost group."""
        return self.parent.top if self.parent else self


@dataclass(eq=False)
class Token:
    """A token of a person, project or group; `expires` is its last day plus one, in seconds since 1970."""

    id: int
    value: str
    name: str
    user: User
    scopes: tuple[str, ...]
    expires: float | None = None
    revoked: bool = False
    created: str = field(default_factory=now)

    @property
    def active(self) -> bool:
        """Whether it is good."""
        return not self.revoked and (self.expires is None or self.expires > time.time())

    @property
    def expires_at(self) -> str | None:
        """The day on which it is no longer good."""
        return None if self.expires is None else at(self.expires)[:10]


@dataclass(eq=False)
class Variable:
    """A CI/CD variable."""

    key: str
    value: str
    masked: bool = False
    protected: bool = False
    raw: bool = False
    hidden: bool = False
    description: str | None = None
    environment_scope: str = "*"


@dataclass(eq=False)
class ProtectedBranch:
    """Who may push to and merge into a branch: the least level, 0 for nobody."""

    id: int
    name: str
    push: int = MAINTAINER
    merge: int = MAINTAINER
    force: bool = False


@dataclass(eq=False)
class ApprovalRule:
    """How many have to approve; `rule_type` is `any_approver` or `regular`."""

    id: int
    name: str
    rule_type: str
    required: int
    groups: tuple[int, ...] = ()


@dataclass(eq=False)
class Note:
    """A comment on a merge request."""

    id: int
    author: User
    body: str
    created: str = field(default_factory=now)


@dataclass(eq=False)
class MergeRequest:
    """A merge request. Shas are None while it is open: the branches say them."""

    id: int
    iid: int
    author: User
    title: str
    description: str | None
    source_branch: str
    target_branch: str
    source_project: int
    state: str = "opened"
    head_sha: str | None = None
    base_sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    merged_by: User | None = None
    merged: str | None = None
    closed_by: User | None = None
    closed: str | None = None
    squash: bool = False
    remove_source_branch: bool = False
    auto_merge: User | None = None
    """Who asked for it to be merged as soon as it can be."""
    approvals: int = 0
    labels: list[str] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    rules: dict[int, ApprovalRule] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    late: int = 0
    """In how many answers its sha is still missing: GitLab prepares a new merge request in the background."""
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)

    @property
    def draft(self) -> bool:
        """Whether the title says that it isn't ready."""
        return self.title.lower().startswith(("draft:", "[draft]", "(draft)"))

    @property
    def number(self) -> int:
        """What it is called within its project."""
        return self.iid


@dataclass(eq=False)
class Project:
    """A project. Branches, commits and files are git's, in `git`."""

    id: int
    namespace: Group | User
    path: str
    name: str
    git: Bare
    creator: User | None = None
    visibility: str = "private"
    description: str | None = None
    topics: list[str] = field(default_factory=list)
    default_branch: str = "main"
    settings: dict[str, Any] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    shares: dict[int, int] = field(default_factory=dict)
    """Groups, by their ids, that have a level here, too."""
    protected: dict[str, ProtectedBranch] = field(default_factory=dict)
    rules: dict[int, ApprovalRule] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    merge_requests: dict[int, MergeRequest] = field(default_factory=dict)
    pipeline: str = ""
    """How the pipelines of all branches stand: `running`, `success`, `failed`; empty where there are none."""
    created: str = field(default_factory=now)

    @property
    def full_path(self) -> str:
        """The path of its namespace, and its own."""
        above = self.namespace.full_path if isinstance(self.namespace, Group) else self.namespace.username
        return f"{above}/{self.path}"

    @property
    def plan(self) -> str:
        """The plan that it is on."""
        return self.namespace.top.plan if isinstance(self.namespace, Group) else "free"

    def rules_of(self, branch: str) -> ProtectedBranch | None:
        """The rules for a branch, whose name a pattern may match."""
        return next((each for each in self.protected.values() if fnmatchcase(branch, each.name)), None)

    @property
    def empty(self) -> bool:
        """Whether nothing was committed yet."""
        return not self.git.refs()

    def branch(self, name: str) -> str | None:
        """The commit that a branch points at."""
        return self.git.refs(f"refs/heads/{name}").get(f"refs/heads/{name}")

    def files(self, revision: str = "") -> Mapping[str, tuple[str, bytes]]:
        """Each file's path to its mode and content, of the default branch if none is named."""
        return self.git.files(revision or self.default_branch)
