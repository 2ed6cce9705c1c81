"""The nouns of GitHub, as the fake holds them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from nacl.public import PrivateKey, SealedBox

from tests.fakes.shared.bare import Bare, Signature

ROLES = ("read", "triage", "write", "maintain", "admin")
"""What somebody may do with a repository, each more than the one before."""


def now() -> str:
    """The time as GitHub writes it: `2026-01-31T12:00:00Z`."""
    return at(time.time())


def at(seconds: float) -> str:
    """A time in seconds since 1970 as GitHub writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@dataclass(eq=False)
class Account:
    """A user, an organisation or the bot of an app; `kind` is what GitHub calls `type`."""

    login: str
    id: int
    kind: str
    name: str = ""
    email: str = ""
    plan: str = "team"
    members: dict[str, str] = field(default_factory=dict)
    """Of an organisation: login to role, `admin` or `member`."""
    created: str = field(default_factory=now)

    def signature(self) -> Signature:
        """How the account signs commits that it makes through the API, now."""
        email = self.email or f"{self.id}+{self.login}@users.noreply.github.com"
        return Signature(self.name or self.login, email, f"{int(time.time())} +0000")


@dataclass(eq=False)
class Team:
    """A team of an organisation."""

    organization: Account
    slug: str
    id: int
    members: frozenset[str]
    created: str = field(default_factory=now)


@dataclass(eq=False)
class App:
    """A GitHub App with the key that signs its requests for tokens."""

    id: int
    slug: str
    owner: Account
    bot: Account
    permissions: Mapping[str, str]
    key: rsa.RSAPrivateKey
    created: str = field(default_factory=now)

    @property
    def private_key(self) -> str:
        """The key as the PEM file that GitHub lets one download."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@dataclass(eq=False)
class Installation:
    """An app on an account; `repositories` are ids, None for all that there are and will be."""

    id: int
    app: App
    account: Account
    permissions: Mapping[str, str]
    repositories: set[int] | None
    created: str = field(default_factory=now)


@dataclass(eq=False)
class Token:
    """A personal token with scopes, or an installation's with permissions; `expires` in seconds since 1970."""

    value: str
    account: Account
    scopes: tuple[str, ...] = ()
    installation: Installation | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    repositories: set[int] | None = None
    expires: float | None = None


@dataclass(eq=False)
class Secret:
    """A secret of Actions as it was sent: sealed, base64."""

    sealed: str
    created: str
    updated: str


@dataclass(eq=False)
class Variable:
    """A variable of Actions."""

    name: str
    value: str
    created: str
    updated: str


@dataclass(eq=False)
class Comment:
    """A comment on a pull request."""

    id: int
    account: Account
    body: str
    created: str = field(default_factory=now)


@dataclass(eq=False)
class Pull:
    """A pull request between branches of one repository. Shas are None while it is open: the branches say them."""

    number: int
    id: int
    account: Account
    title: str
    body: str | None
    head: str
    base: str
    draft: bool
    state: str = "open"
    head_sha: str | None = None
    base_sha: str | None = None
    merge_sha: str | None = None
    merged_by: Account | None = None
    closed: str | None = None
    labels: list[str] = field(default_factory=list)
    reviewers: list[Account] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    auto_merge: str = ""
    """How it is merged as soon as its rules allow; empty if a person merges it."""
    auto_merge_by: Account | None = None
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)

    @property
    def merged(self) -> bool:
        """Whether it was merged."""
        return self.merge_sha is not None


@dataclass(eq=False)
class Repository:
    """A repository. Branches, commits and files are git's, in `git`."""

    id: int
    owner: Account
    name: str
    private: bool
    git: Bare
    description: str | None = None
    homepage: str | None = None
    topics: list[str] = field(default_factory=list)
    default_branch: str = "main"
    settings: dict[str, Any] = field(default_factory=dict)
    collaborators: dict[str, str] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    protection: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    created: str = field(default_factory=now)

    @property
    def full_name(self) -> str:
        """Owner and name, as in its address."""
        return f"{self.owner.login}/{self.name}"

    @property
    def empty(self) -> bool:
        """Whether nothing was committed yet."""
        return not self.git.refs()

    def branch(self, name: str) -> str | None:
        """The commit that a branch points at."""
        return self.git.refs(f"refs/heads/{name}").get(f"refs/heads/{name}")

    def files(self, revision: str = "") -> dict[str, tuple[str, bytes]]:
        """Each file's path to its mode and content, of the default branch if none is named."""
        return self.git.files(revision or self.default_branch)

    def unsealed(self) -> dict[str, str]:
        """Each secret's name to what the sender sealed."""
        from base64 import b64decode

        box = SealedBox(self.key)
        return {name: box.decrypt(b64decode(secret.sealed)).decode() for name, secret in self.secrets.items()}
