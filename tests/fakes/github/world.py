"""What GitHub knows: accounts, apps, tokens, repositories, and what tests tell it about those."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github.model import Account, App, Installation, Repository, Team, Token
from tests.fakes.shared.bare import Bare

# What pushes may not change is in the environment of the server that runs the hook.
_UPDATE_HOOK = """#!/bin/sh
for ref in $FAKE_PROTECTED; do
    if [ "$ref" = "$1" ]; then
        echo "error: GH006: Protected branch update failed for $1." >&2
        exit 1
    fi
done
"""


@dataclass
class World:
    """Everything, with git repositories below `folder`. Names are found whatever their case, as on GitHub."""

    folder: Path
    token_seconds: float = 3600
    """How long an installation's token is good."""
    accounts: dict[str, Account] = field(default_factory=dict)
    teams: dict[tuple[str, str], Team] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    moved: dict[str, Repository] = field(default_factory=dict)
    """Former names of repositories, from which GitHub redirects until a new one takes them."""
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)
    """Commits that GitHub has made and signed."""
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

    def commit(
        self, full_name: str, branch: str, files: Mapping[str, str | None], message: str = "Change by somebody else"
    ) -> str:
        """Commit to a branch as somebody else, without a request; the commit's id. Files without text are deleted."""
        return self.repository(full_name).git.commit_files(branch, files, message)

    def update_branch(self, full_name: str, branch: str, base: str = "main") -> None:
        """Somebody uses the button *Update branch* of a pull request: GitHub merges the base, and signs that."""
        git = self.repository(full_name).git
        ends = [git.refs()[f"refs/heads/{name}"] for name in (branch, base)]
        host = self.accounts.get("web-flow") or self.user("web-flow", name="GitHub", email="noreply@github.com")
        tree = git.merged_tree(*reversed(ends))
        assert tree
        message = f"Merge branch '{base}' into {branch}"
        made = git.write_commit(tree, ends, message, host.signature(), host.signature())
        self.signed.add(made)
        git.move(f"refs/heads/{branch}", made)

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
        made.git.create({"update": _UPDATE_HOOK})
        self.moved.pop(made.full_name.lower(), None)
        self.repositories[made.full_name.lower()] = made
        return made

    def rename(self, repository: Repository, name: str) -> None:
        """Give a repository another name; its old one leads to it."""
        del self.repositories[repository.full_name.lower()]
        self.moved[repository.full_name.lower()] = repository
        repository.name = name
        self.repositories[repository.full_name.lower()] = repository

    def _account(self, made: Account) -> Account:
        self.accounts[made.login.lower()] = made
        return made
