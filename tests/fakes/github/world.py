"""What GitHub knows: accounts, apps, tokens, repositories, pull requests."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from nacl.public import PrivateKey, SealedBox

from tests.fakes.github.bare import Bare, Entry, Signature

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


@dataclass
class World:
    """Everything, with git repositories below `folder`. Names are found whatever their case, as on GitHub."""

    folder: Path
    token_seconds: float = 3600
    """How long an installation's token is good."""
    accounts: dict[str, Account] = field(default_factory=dict)
    teams: dict[tuple[str, str], Team] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    _ids: count[int] = field(default_factory=lambda: count(1001))

    def new_id(self) -> int:
        """An id that nothing else has."""
        return next(self._ids)

    def user(self, login: str, *, email: str = "", name: str = "") -> Account:
        """Make a user."""
        return self._account(Account(login, self.new_id(), "User", name, email))

    def organization(self, login: str, *, admins: tuple[str, ...] = (), members: tuple[str, ...] = ()) -> Account:
        """Make an organisation; users who aren't there yet are made, too."""
        made = self._account(Account(login, self.new_id(), "Organization"))
        for role, logins in {"admin": admins, "member": members}.items():
            for each in logins:
                if each.lower() not in self.accounts:
                    self.user(each)
                made.members[each] = role
        return made

    def team(self, organization: str, slug: str, *members: str) -> Team:
        """Make a team of an organisation."""
        made = Team(self.accounts[organization.lower()], slug, self.new_id(), frozenset(members))
        self.teams[organization.lower(), slug] = made
        return made

    def personal_token(self, login: str, *scopes: str) -> str:
        """Make a classic personal access token."""
        token = Token(f"ghp_{secrets.token_hex(18)}", self.accounts[login.lower()], scopes)
        self.tokens[token.value] = token
        return token.value

    def app(self, slug: str, owner: str, permissions: Mapping[str, str]) -> App:
        """Make a GitHub App that asks for permissions: `{"contents": "write"}`."""
        bot = self._account(Account(f"{slug}[bot]", self.new_id(), "Bot"))
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        made = App(self.new_id(), slug, self.accounts[owner.lower()], bot, dict(permissions), key)
        self.apps[made.id] = made
        return made

    def install(self, app: App, login: str, *repositories: Repository) -> Installation:
        """Install an app on an account, for these repositories only, or for all if none is named."""
        only = {each.id for each in repositories} or None
        made = Installation(self.new_id(), app, self.accounts[login.lower()], app.permissions, only)
        self.installations[made.id] = made
        return made

    def installation_token(
        self, installation: Installation, permissions: Mapping[str, str], repositories: set[int] | None
    ) -> Token:
        """Make a token of an installation."""
        expires = time.time() + self.token_seconds
        value = f"ghs_{secrets.token_hex(18)}"
        made = Token(value, installation.app.bot, (), installation, permissions, repositories, expires)
        self.tokens[value] = made
        return made

    def expire(self, token: str) -> None:
        """Let a token's time be over."""
        self.tokens[token].expires = 0

    def revoke(self, token: str) -> None:
        """Take a token away from whoever has it."""
        del self.tokens[token]

    def commit(self, full_name: str, branch: str, files: Mapping[str, str | None]) -> str:
        """Commit to a branch as somebody else, without a request; the commit's id. Files without text are deleted."""
        repository = self.repository(full_name)
        git, parent = repository.git, repository.branch(branch)
        entries = [
            Entry(path, "100644", "blob", git.write_blob(text.encode()) if text is not None else None)
            for path, text in files.items()
        ]
        other = Signature("Somebody Else", "else@example.org", f"{int(time.time())} +0000")
        tree = git.write_tree(entries, git.resolve(parent, "tree") if parent else None)
        made = git.write_commit(tree, [parent] if parent else [], "Change by somebody else", other, other)
        git.move(f"refs/heads/{branch}", made)
        return made

    def repository(self, full_name: str) -> Repository:
        """The repository of that name.

        Raises
        ------
        KeyError   there is none
        """
        return self.repositories[full_name.lower()]

    def create_repository(self, owner: str, name: str, *, private: bool = True) -> Repository:
        """Make an empty repository."""
        account = self.accounts[owner.lower()]
        identity = self.new_id()
        made = Repository(identity, account, name, private, Bare(self.folder / f"{identity}.git"))
        made.git.create()
        self.repositories[made.full_name.lower()] = made
        return made

    def _account(self, made: Account) -> Account:
        self.accounts[made.login.lower()] = made
        return made
