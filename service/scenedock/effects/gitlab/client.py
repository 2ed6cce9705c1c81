"""Calls of GitLab's REST API through python-gitlab: paced, never redirected, never repeated, with our errors."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Any, Final, Self

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError

from scenedock.effects.gitlab.errors import failure_of, refusal_of, said_by, wait_of
from scenedock.effects.local.pace import Pace, Window
from scenedock.errors import TemporaryError
from scenedock.model.code_hosts.code_host import CodeHost
from scenedock.model.json import Json, JsonObject, as_object, as_text, value_at
from scenedock.structs import dataclass

_SECONDS: Final = 30


def gitlab_pace() -> Pace:
    """The pace of one credential on GitLab.

    Source: "Rate limits on GitLab.com": 2,000 API requests a minute, 60 new notes. Elsewhere its answers tell more.
    """
    return Pace("GitLab", Window(60, 2_000), (Window(60, 60),))


class _StraightSession(requests.Session):
    """A session that follows no redirect, which could lead to any project, and to hosts that must not see the token.

    `answered` is the last response: python-gitlab's errors have no headers.
    """

    answered: requests.Response | None = None

    def request(self, *args: Any, **options: Any) -> requests.Response:
        """Send a request."""
        self.answered = None
        self.answered = super().request(*args, **{**options, "allow_redirects": False})
        return self.answered


@dataclass(frozen=True, slots=True)
class GitLabAnswer:
    """A response of GitLab."""

    status: int
    body: Json

    @property
    def said(self) -> str:
        """GitLab's message, if it refused."""
        return said_by(self.body)

    @property
    def id(self) -> int:
        """The number that GitLab has for what it answers with.

        Raises
        ------
        TemporaryError   there is none: this is not GitLab, or GitLab has a failure
        """
        number = as_object(self.body).get("id")
        if not isinstance(number, int):
            raise TemporaryError("GitLab's response has no `id`", retry_after=30)
        return number

    def text(self, *keys: str) -> str:
        """The text at a path of keys.

        Raises
        ------
        TemporaryError   there is none: this is not GitLab, or GitLab has a failure
        """
        if not (text := as_text(value_at(self.body, keys))):
            raise TemporaryError(f"GitLab's response has no `{'.'.join(keys)}`", retry_after=30)
        return text


class GitLabClient:
    """A client of a host's API, for one thread."""

    def __init__(self, host: CodeHost, token: str, pace: Pace) -> None:
        self.host = host.host
        self._api = host.api
        self._pace = pace
        self._session = _StraightSession()
        self._gitlab = Gitlab(
            host.web, private_token=token, timeout=_SECONDS, user_agent="scenedock", session=self._session
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def call(
        self,
        verb: str,
        path: str,
        body: JsonObject | None = None,
        *,
        parameters: Mapping[str, str | int] | None = None,
        expected: Collection[int] = (),
        saying: str = "",
        tells: bool = False,
    ) -> GitLabAnswer:
        """Send one request. A status of 400 or more is returned only if it is `expected` and the message has `saying`.

        `tells` if it notifies others.

        Raises
        ------
        ScenedockError   GitLab refused the request; TemporaryError if trying again may help
        """
        asked = f"{verb} {path}"
        with self._pace.turn(writes=verb != "GET", tells=tells):
            answer, headers = self._send(verb, path, body, parameters or {}, asked)
        if answer.status == 429 or headers.get("RateLimit-Remaining") == "0":
            self._pace.hold(wait_of(headers))
        if answer.status < 300 or (answer.status in expected and saying in answer.said.lower()):
            return answer
        raise refusal_of(answer.status, answer.body, headers, asked, self.host)

    def pages(self, path: str, parameters: Mapping[str, str | int], most: int) -> list[JsonObject]:
        """Up to `most` items of a list, a hundred with each call."""
        listed: list[JsonObject] = []
        for page in range(1, most // 100 + 1):
            body = self.call("GET", path, parameters={**parameters, "per_page": 100, "page": page}).body
            items = body if isinstance(body, list) else []
            listed += map(as_object, items)
            if len(items) < 100:
                break
        return listed

    def _send(
        self, verb: str, path: str, body: JsonObject | None, parameters: Mapping[str, str | int], asked: str
    ) -> tuple[GitLabAnswer, Mapping[str, str]]:
        try:
            answered = self._gitlab.http_request(
                verb,
                f"{self._api}{path}",
                query_data=dict(parameters),
                post_data=dict(body) if body is not None else None,
                obey_rate_limit=False,
                retry_transient_errors=False,
                max_retries=0,
            )
        except GitlabError:  # a status of 300 or more, whose message, and no header, is in the error
            if self._session.answered is None:
                raise TemporaryError(f"{self.host} can't be asked ({asked})", retry_after=30) from None
            answered = self._session.answered
        except (requests.RequestException, OSError) as error:
            raise failure_of(error, asked, self.host) from None
        return GitLabAnswer(answered.status_code, self._json(answered, asked)), answered.headers

    def _json(self, answered: requests.Response, asked: str) -> Json:
        """The body of a response; a refusal may have none, or a page of a proxy."""
        try:
            body: Json = json.loads(answered.content) if answered.content else None
        except ValueError:
            if answered.status_code >= 300:
                return None
            raise TemporaryError(f"{self.host} answered {asked} with what isn't JSON", retry_after=30) from None
        return body
