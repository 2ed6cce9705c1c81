"""The code hosts that we may write to, each with its credentials."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.effects.local.host_secrets import HostSecrets, read_host_secrets
from scenedock.errors import InputError, NotAllowedError
from scenedock.model.code_hosts.code_host import OWNER, CodeHost, RepositoryAddress

if TYPE_CHECKING:
    from github.Auth import Auth

    from scenedock.effects.github.pace import Pace

_MOST_UPLOADS = 10_000


class LastUsed(OrderedDict[tuple[str, str], None]):
    """Keys, of which the oldest are forgotten when there are too many."""

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
    """The hosts of the list, by their names in addresses; without a list there are none."""

    def __init__(self, known: Sequence[KnownHost] = ()) -> None:
        self._known = {each.host.host: each for each in known}
        self._credentials: dict[tuple[str, str], tuple[Auth, Pace]] = {}
        self._uploaded: MutableMapping[tuple[str, str], None] = LastUsed(_MOST_UPLOADS)
        self._lock = threading.Lock()

    def host_of(self, address: RepositoryAddress) -> CodeHost:
        """The host of a repository that may be written to; nothing is asked of it.

        Raises
        ------
        InputError        its host takes no such owner
        NotAllowedError   the host or the owner is not in the list
        """
        return self._known_of(address).host

    @contextmanager
    def open(self, address: RepositoryAddress) -> Iterator[RemoteRepository]:
        """A repository that may be written to, for one thread and one action; nothing is asked of its host yet.

        On GitHub it is a `GitHubRepository`.

        Raises
        ------
        InputError        its host takes no such owner
        NotAllowedError   the host or the owner is not in the list
        """
        known = self._known_of(address)
        if known.host.type == "git":
            from scenedock.effects.git.push import open_git_repository

            with open_git_repository(known.host, known.secrets, address) as repository:
                yield repository
            return
        from scenedock.effects.github.client import GitHubClient
        from scenedock.effects.github.repository import GitHubRepository

        auth, pace = self._credential(known, address.owner)
        with GitHubClient(known.host.api, known.host.host, auth, pace) as client:
            yield GitHubRepository(client, known.host, address, self._uploaded)

    def _credential(self, known: KnownHost, owner: str) -> tuple[Auth, Pace]:
        """The credential for an owner and its pace, which all threads share; a personal token is one for all owners."""
        from scenedock.effects.github.auth import github_auth
        from scenedock.effects.github.pace import Pace

        key = (known.host.host, owner.lower() if known.secrets.app_key else "")
        with self._lock:
            if key not in self._credentials:
                self._credentials[key] = github_auth(known.host, known.secrets, owner), Pace()
            return self._credentials[key]

    def webhook_secret(self, host: str) -> str:
        """The secret that signs the webhooks of a host; empty where it has none."""
        return self._known[host].secrets.webhook_secret if host in self._known else ""

    def webhook_hosts(self) -> tuple[str, ...]:
        """The hosts whose webhooks can be checked."""
        return tuple(name for name, each in self._known.items() if each.secrets.webhook_secret)

    def git_login(self, address: RepositoryAddress) -> tuple[str, str] | None:
        """The user and the token that git shows to read a repository; None for one of a host or owner not in the list.

        Raises
        ------
        NotAllowedError   the GitHub App isn't known, or not installed for the owner
        TemporaryError    GitHub can't be asked for a token
        """
        known = self._known.get(address.host)
        if known is None or not known.host.has_owner(address):
            return None
        if known.host.type == "github":
            auth, _ = self._credential(known, address.owner)
            return known.host.git_user, auth.token
        return known.host.git_user, known.secrets.token

    def _known_of(self, address: RepositoryAddress) -> KnownHost:
        known = self._known.get(address.host)
        if known is None:
            named = ", ".join(self._known) or "none; `SCENEDOCK_CODE_HOSTS` names a file that lists them"
            raise NotAllowedError(f"{address.host} is not among the code hosts that may be used: {named}")
        if known.host.type == "github" and not re.fullmatch(OWNER, address.owner):
            raise InputError(f"{address.owner!r} can't be an owner on GitHub")
        if not known.host.has_owner(address):
            allowed = ", ".join(known.host.owners)
            raise NotAllowedError(f"{address}: only repositories of {allowed} may be used on {address.host}")
        return known


def open_code_hosts(listed: Sequence[CodeHost], listed_in: Path, environment: Mapping[str, str]) -> CodeHosts:
    """The hosts of a list with their secrets.

    Raises
    ------
    InputError   one or more secrets can't be used; all are named with their lines
    """
    known: list[KnownHost] = []
    problems: list[str] = []
    for host in listed:
        try:
            known.append(KnownHost(host, read_host_secrets(host, listed_in, environment)))
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return CodeHosts(known)
