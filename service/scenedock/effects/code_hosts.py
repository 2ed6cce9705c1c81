"""The code hosts that we may write to, each with its credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scenedock.effects.host_secrets import HostSecrets, read_host_secrets
from scenedock.errors import InputError, NotAllowedError
from scenedock.model.code_host import OWNER, CodeHost, RepositoryAddress


@dataclass(frozen=True, slots=True)
class KnownHost:
    """One host of the list with its secrets."""

    host: CodeHost
    secrets: HostSecrets


class CodeHosts:
    """The hosts of the list, by their names in addresses; without a list there are none."""

    def __init__(self, known: Sequence[KnownHost] = ()) -> None:
        self._known = {each.host.host: each for each in known}

    def host_of(self, address: RepositoryAddress) -> CodeHost:
        """The host of a repository that may be written to; nothing is asked of it.

        Raises
        ------
        InputError        its host takes no such owner
        NotAllowedError   the host or the owner is not in the list
        """
        return self._known_of(address).host

    def webhook_secret(self, host: str) -> str:
        """The secret that signs the webhooks of a host; empty where it has none."""
        return self._known[host].secrets.webhook_secret if host in self._known else ""

    def webhook_hosts(self) -> tuple[str, ...]:
        """The hosts whose webhooks can be checked."""
        return tuple(name for name, each in self._known.items() if each.secrets.webhook_secret)

    def git_login(self, address: RepositoryAddress) -> tuple[str, str] | None:
        """The user and the token that git shows for a repository; None for one that isn't ours, or without a token."""
        known = self._known.get(address.host)
        if known is None or not known.host.has_owner(address) or not known.secrets.token:
            return None
        return known.host.username or "x-access-token", known.secrets.token

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
