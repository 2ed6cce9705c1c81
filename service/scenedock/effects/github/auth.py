"""Tokens of GitHub App installations: requested when needed, shared by all threads, renewed before they expire."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from github import Auth

from scenedock.effects.github.client import GitHubClient
from scenedock.effects.github.pace import github_pace
from scenedock.effects.local.host_secrets import HostSecrets
from scenedock.errors import NotAllowedError
from scenedock.model.code_hosts.code_host import CodeHost
from scenedock.model.json import as_object

RENEW_SECONDS = 300.0
"""A token is renewed when it is valid for less than this: long enough for one action."""
_NEW_SECONDS = 60.0


class InstallationAuth(Auth.Auth):
    """The credential of an App's installation for one owner."""

    def __init__(
        self, host: CodeHost, secrets: HostSecrets, owner: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._host = host
        self._app = Auth.AppAuth(host.app_id, secrets.app_key)
        self._owner = owner
        self._clock = clock
        self._pace = github_pace()
        self._lock = threading.Lock()
        self._installation = 0
        self._token, self._since, self._until = "", 0.0, 0.0

    @property
    def token_type(self) -> str:
        """The scheme as in GitHub's documentation."""
        return "Bearer"

    @property
    def token(self) -> str:
        """A token that is valid long enough for one action.

        Raises
        ------
        NotAllowedError   the App doesn't exist, or is not installed for the owner
        TemporaryError    GitHub can't be reached
        """
        with self._lock:
            if self._clock() > self._until - RENEW_SECONDS:
                self._renew()
            return self._token

    def forget(self, token: str) -> bool:
        """Request a new token next time, because GitHub doesn't accept this one; returns whether that may help."""
        with self._lock:
            if token != self._token:
                return True
            self._until = 0.0
            return self._clock() - self._since > _NEW_SECONDS

    def _renew(self) -> None:
        with GitHubClient(self._host.api, self._host.host, self._app, self._pace) as client:
            self._installation = self._installation or self._installed(client)
            answer = client.call("POST", f"/app/installations/{self._installation}/access_tokens", expected=(404,))
        if answer.status == 404:
            self._installation = 0
            raise NotAllowedError(f"the App {self._host.app_id} is no longer installed for {self._owner}")
        self._since = self._clock()
        self._until = datetime.fromisoformat(answer.text("expires_at")).timestamp()
        self._token = answer.text("token")

    def _installed(self, client: GitHubClient) -> int:
        for kind in ("orgs", "users"):
            answer = client.call("GET", f"/{kind}/{self._owner}/installation", expected=(404,))
            number = as_object(answer.body).get("id")
            if answer.status == 200 and isinstance(number, int):
                return number
        raise NotAllowedError(
            f"the App {self._host.app_id} is not installed for {self._owner} on {self._host.host}; "
            "one of its owners has to install the App in its settings"
        )


def github_auth(host: CodeHost, secrets: HostSecrets, owner: str) -> Auth.Auth:
    """The credential for an owner's repositories."""
    return InstallationAuth(host, secrets, owner) if secrets.app_key else Auth.Token(secrets.token)
