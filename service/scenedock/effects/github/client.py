"""Calls of GitHub's REST API through PyGithub: paced, never redirected, never logged, with our errors."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import requests
from github import GithubException
from github.Auth import Auth
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester, RequestsResponse

from scenedock.effects.github.errors import MovedError, failure_of, rate_limited, refusal_of, said_by
from scenedock.effects.github.just_created import JustCreated
from scenedock.effects.local.pace import Pace
from scenedock.errors import NotAllowedError, NotFoundError, ScenedockError, TemporaryError
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.structs import dataclass

API_VERSION: Final = "2022-11-28"
_SECONDS: Final = 30


def _straight(response: RequestsResponse) -> RequestsResponse:
    """The response, unless it is a redirect: PyGithub would follow it to any repository of the host, ours or not."""
    if 300 <= response.status < 400:
        raise MovedError
    return response


class _Https(HTTPSRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _straight(super().getresponse())


class _Http(HTTPRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _straight(super().getresponse())


class _Silent(logging.Logger):
    """PyGithub would log whole bodies, with new tokens of Apps and all files in them."""

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802 - the standard library's name
        return False


class _StraightRequester(Requester):
    """PyGithub's requester with our connections and no log.

    The names are Python's mangled private names; `injectConnectionClasses` would also prevent the reuse of connections.
    """

    _Requester__httpConnectionClass = _Http
    _Requester__httpsConnectionClass = _Https
    _Requester__logger = _Silent("scenedock.github")


@dataclass(frozen=True, slots=True)
class GitHubAnswer:
    """A response of GitHub; `date` is its HTTP header."""

    status: int
    body: Json
    date: str = ""

    @property
    def said(self) -> str:
        """GitHub's message, if it refused."""
        return said_by(self.body)

    def text(self, *keys: str) -> str:
        """The text at a path of keys.

        Raises
        ------
        TemporaryError   there is none: this is not GitHub, or GitHub has a failure
        """
        if not (text := as_text(value_at(self.body, keys))):
            raise TemporaryError(f"GitHub's response has no `{'.'.join(keys)}`", retry_after=30)
        return text


class GitHubClient:
    """A client of a host's API, for one thread: PyGithub stores the running request in its connection.

    `created` are repositories in which what isn't found is waited for.
    """

    def __init__(self, api: str, host: str, auth: Auth, pace: Pace, created: JustCreated | None = None) -> None:
        self.created = created or JustCreated()
        self._host = host
        self._auth = auth
        self._pace = pace
        self._requester = _StraightRequester(
            auth=auth,
            base_url=api,
            timeout=_SECONDS,
            user_agent="scenedock",
            per_page=100,
            verify=True,
            retry=None,
            pool_size=1,
            seconds_between_requests=0,
            seconds_between_writes=0,
            api_version=API_VERSION,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._requester.close()

    def call(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Json] | Sequence[Json] | None = None,
        *,
        parameters: Mapping[str, str | int] | None = None,
        expected: Collection[int] = (),
        saying: str = "",
        tells: bool = False,
    ) -> GitHubAnswer:
        """Send one request. A status of 400 or more is returned only if it is `expected` and the message has `saying`.

        Raises
        ------
        ScenedockError   GitHub refused the request; TemporaryError if trying again may help
        """
        asked = f"{verb} {path}"
        token = self._auth.token  # a request for a new token has a turn of its own
        try:
            with self._pace.turn(writes=verb != "GET", tells=tells):
                headers, data = self._requester.requestJsonAndCheck(
                    verb, path, parameters=dict(parameters or {}), input=body
                )
        except GithubException as error:
            wait = rate_limited(error)
            if wait is not None:
                self._pace.hold(wait)
            elif error.status in expected and saying in said_by(error.data).lower():
                return GitHubAnswer(error.status, error.data)
            elif error.status == 401:
                raise self._unknown(token) from None
            raise self._patiently(refusal_of(error, asked, self._host), path) from None
        except (requests.RequestException, OSError, json.JSONDecodeError, MovedError) as error:
            raise failure_of(error, asked, self._host) from None
        return GitHubAnswer(200, data, str(headers.get("date", "")))

    def login(self) -> str:
        """Our login, such as `github-actions[bot]`: the REST API doesn't tell it to Apps, as pipelines are.

        Raises
        ------
        ScenedockError   as `call` does; TemporaryError if GitHub doesn't say it
        """
        answer = self.call("POST", self._requester.graphql_url, {"query": "query { viewer { login } }"})
        login = as_text(value_at(answer.body, ["data", "viewer", "login"]))
        if not login:
            raise TemporaryError(f"{self._host} doesn't say whose our credentials are", retry_after=60)
        return login

    def mutate(self, mutation: str, values: JsonObject) -> str:
        """Run a mutation of the GraphQL API, for what the REST API can't do; GitHub's message if it refuses, else "".

        Raises
        ------
        ScenedockError   as `call` does, and for credentials that don't suffice
        """
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ clientMutationId }} }}"
        answer = self.call("POST", self._requester.graphql_url, {"query": query, "variables": {"input": values}})
        errors = [as_object(each) for each in as_list(value_at(answer.body, ["errors"]))]
        said = "; ".join(as_text(each.get("message")) for each in errors)
        kinds = {as_text(each.get("type")) for each in errors}
        if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
            raise NotAllowedError(f"{self._host} refuses {mutation}: {said}")
        if "NOT_FOUND" in kinds:
            raise NotFoundError(f"{self._host} refuses {mutation}: {said}")
        if kinds & {"RATE_LIMITED", "INTERNAL", "SERVICE_UNAVAILABLE"}:
            raise TemporaryError(f"{self._host} refuses {mutation}: {said}", retry_after=60)
        return said or ("it says no reason" if errors else "")

    def pages(self, path: str, parameters: Mapping[str, str | int], most: int) -> list[Any]:
        """Up to `most` items of a list, a hundred with each call."""
        listed: list[Any] = []
        for page in range(1, most // 100 + 1):
            body = self.call("GET", path, parameters={**parameters, "per_page": 100, "page": page}).body
            items = body if isinstance(body, list) else []
            listed += [as_object(item) for item in items]
            if len(items) < 100:
                break
        return listed

    def _patiently(self, refusal: ScenedockError, path: str) -> ScenedockError:
        """The error; a temporary one, if something of a repository isn't found that was just created."""
        repository = self.created.in_path(self._host, path)
        if not repository or not isinstance(refusal, NotFoundError):
            return refusal
        return TemporaryError(
            f"{repository} was just created, and isn't found everywhere yet: {refusal}", retry_after=1
        )

    def _unknown(self, token: str) -> NotAllowedError | TemporaryError:
        """The error for credentials that GitHub doesn't accept: an App's token may just have expired."""
        forget = getattr(self._auth, "forget", None)
        if forget and forget(token):
            return TemporaryError(
                f"{self._host} no longer accepts the App's token; a new one is requested", retry_after=1
            )
        return NotAllowedError(
            f"{self._host} doesn't accept the credentials that Scenedock has for it (expired or revoked?); "
            "an operator of Scenedock has to renew them in the list of code hosts"
        )
