"""The code hosts that we may write to, with their credentials."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.effects.github.just_created import JustCreated
from scenedock.effects.local.host_secrets import HostSecrets, read_host_secrets
from scenedock.errors import InputError, NotAllowedError
from scenedock.model.code_hosts.code_host import OWNER, CodeHost, HostType, RepositoryAddress, read_repository
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from github.Auth import Auth

    from scenedock.effects.local.pace import Pace

_MOST_UPLOADS = 10_000


class LastUsed(OrderedDict[tuple[str, str], None]):
    """A set of keys; if there are too many, the oldest are forgotten."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: tuple[str, str], value: None) -> None:
        """Remember a key."""
        super().__setitem__(key, value)
        while len(self) > self._most:
            self.popitem(last=False)


@dataclass(frozen=True, slots=True)
class KnownHost:
    """One host of the list with its secrets."""

    host: CodeHost
    secrets: HostSecrets


class CodeHosts:
    """The hosts of the list, by their host names; without a list there are none."""

    def __init__(self, hosts: Sequence[KnownHost] = ()) -> None:
        self._by_name = {each.host.host: each for each in hosts}
        self._credentials: dict[tuple[str, str], tuple[Auth, Pace]] = {}
        self._paces: dict[str, Pace] = {}
        self.created = JustCreated()
        self._uploaded: MutableMapping[tuple[str, str], None] = LastUsed(_MOST_UPLOADS)
        self._lock = threading.Lock()

    def host_of(self, address: RepositoryAddress) -> CodeHost:
        """The host of a repository that may be written to; makes no request.

        Raises
        ------
        InputError        the owner is not valid on its host
        NotAllowedError   the host or the owner is not in the list
        """
        return self._entry_of(address).host

    def read(self, text: str) -> RepositoryAddress:
        """The repository that a text names, as `read_repository` does, and as its host's API has it.

        The path below which a host is isn't in what a picker gives, only in addresses.

        Raises
        ------
        InputError   it is not the address of a repository
        """
        address = read_repository(text)
        return address if "?" in text else self.named(address)

    def may_write(self, address: RepositoryAddress) -> bool:
        """Whether the list has the host and the owner of a repository."""
        entry = self._by_name.get(address.host)
        return entry is not None and entry.host.has_owner(address)

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self._by_name

    @property
    def known(self) -> tuple[KnownHost, ...]:
        """All of them, in the order of the list."""
        return tuple(self._by_name.values())

    @property
    def with_webhooks(self) -> tuple[str, ...]:
        """Those that have a secret for webhooks, which they are therefore expected to send."""
        return tuple(name for name, each in self._by_name.items() if each.secrets.webhook_secret)

    @contextmanager
    def open(self, address: RepositoryAddress) -> Iterator[RemoteRepository]:
        """A repository that may be written to, for one thread and one action; makes no request yet.

        Its address is as the host's API has it (`read`).

        Raises
        ------
        InputError        the owner is not valid on its host
        NotAllowedError   the host or the owner is not in the list
        """
        entry = self._entry_of(address)
        if entry.host.type == "git":
            from scenedock.effects.git.push import open_git_repository

            with open_git_repository(entry.host, entry.secrets, address) as repository:
                yield repository
            return
        if entry.host.type == "gitlab":
            from scenedock.effects.gitlab.repository import open_gitlab_project

            with open_gitlab_project(entry.host, entry.secrets, address, self._pace_of(entry.host)) as project:
                yield project
            return
        from scenedock.effects.github.client import GitHubClient
        from scenedock.effects.github.repository import GitHubRepository

        auth, pace = self._credential(entry, address.owner)
        with GitHubClient(entry.host.api, entry.host.host, auth, pace, self.created) as client:
            yield GitHubRepository(client, entry.host, address, self._uploaded)

    def _pace_of(self, host: CodeHost) -> Pace:
        """The pace of a host's only token, shared by all threads."""
        from scenedock.effects.gitlab.client import gitlab_pace

        with self._lock:
            return self._paces.setdefault(host.host, gitlab_pace())

    def _credential(self, entry: KnownHost, owner: str) -> tuple[Auth, Pace]:
        """The credential for an owner and its pace, shared by all threads; a personal token is used for all owners."""
        from scenedock.effects.github.auth import github_auth
        from scenedock.effects.github.pace import github_pace

        key = (entry.host.host, owner.lower() if entry.secrets.app_key else "")
        with self._lock:
            if key not in self._credentials:
                self._credentials[key] = github_auth(entry.host, entry.secrets, owner), github_pace()
            return self._credentials[key]

    def webhook_secrets(self, kind: HostType) -> Mapping[str, str]:
        """The secrets of webhooks, by the hosts of a type that have one."""
        return {
            name: each.secrets.webhook_secret
            for name, each in self._by_name.items()
            if each.host.type == kind and each.secrets.webhook_secret
        }

    def with_ending_tokens(self) -> tuple[str, ...]:
        """The hosts that tell when our token ends."""
        return tuple(name for name, each in self._by_name.items() if each.host.type == "gitlab")

    def token_end(self, host: str) -> date | None:
        """The day on which our token for one of these hosts ends; None if it doesn't, or the host doesn't tell.

        Raises
        ------
        NotAllowedError   the host doesn't accept the token
        TemporaryError    the host can't be reached
        """
        from scenedock.effects.gitlab.client import GitLabClient
        from scenedock.effects.gitlab.tokens import token_end

        entry = self._by_name[host]
        with GitLabClient(entry.host, entry.secrets.token, self._pace_of(entry.host)) as client:
            return token_end(client)

    def named(self, address: RepositoryAddress) -> RepositoryAddress:
        """An address as its host's API has it."""
        entry = self._by_name.get(address.host)
        return entry.host.named(address) if entry else address

    def git_login(self, address: RepositoryAddress) -> tuple[str, str] | None:
        """The user and token with which git reads a repository; None if its host or owner is not in the list.

        The address is as git has it, with the path below which a host is.

        Raises
        ------
        NotAllowedError   the GitHub App doesn't exist, or is not installed for the owner
        TemporaryError    GitHub can't be asked for a token
        """
        return self._login(self.named(address))

    def _login(self, address: RepositoryAddress) -> tuple[str, str] | None:
        entry = self._by_name.get(address.host)
        if entry is None or not entry.host.has_owner(address):
            return None
        if entry.host.type == "github":
            auth, _ = self._credential(entry, address.owner)
            return entry.host.git_user, auth.token
        return entry.host.git_user, entry.secrets.token

    def login_at(self, address: str) -> tuple[str, str] | None:
        """The user and token with which something at an address is read, such as a chart; None if there are none.

        The path of a chart doesn't say where that of its owner ends, so any owner in the list that it begins with does.

        Raises
        ------
        NotAllowedError, TemporaryError   as `git_login` does
        """
        parts = urlsplit(address)
        path = self.named(RepositoryAddress(parts.netloc, parts.path.strip("/"), "")).owner
        steps = path.split("/")
        owners = ["/".join(steps[:number]) for number in range(1, len(steps) + 1)]
        found = (self._login(RepositoryAddress(parts.netloc, owner, "")) for owner in owners)
        return next((login for login in found if login), None)

    def _entry_of(self, address: RepositoryAddress) -> KnownHost:
        entry = self._by_name.get(address.host)
        if entry is None:
            hosts = ", ".join(self._by_name) or "none; `SCENEDOCK_CODE_HOSTS` names a file that lists them"
            raise NotAllowedError(f"{address.host} is not one of the allowed code hosts: {hosts}")
        if entry.host.type == "github" and not re.fullmatch(OWNER, address.owner):
            raise InputError(f"{address.owner!r} is not a valid owner on GitHub")
        if not entry.host.has_owner(address):
            allowed = ", ".join(entry.host.owners)
            raise NotAllowedError(f"{address}: only repositories of {allowed} are allowed on {address.host}")
        return entry


def open_code_hosts(listed: Sequence[CodeHost], listed_in: Path, environment: Mapping[str, str]) -> CodeHosts:
    """The hosts of a list with their secrets.

    Raises
    ------
    InputError   one or more secrets can't be used; the message names all with their lines
    """
    hosts: list[KnownHost] = []
    problems: list[str] = []
    for host in listed:
        try:
            hosts.append(KnownHost(host, read_host_secrets(host, listed_in, environment)))
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return CodeHosts(hosts)
