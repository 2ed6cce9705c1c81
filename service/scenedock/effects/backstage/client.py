"""HTTP to a Backstage backend: limited in time and size, without redirects, with a token for each plugin."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Self

import urllib3

from scenedock.effects.network.connections import Connections, why
from scenedock.errors import InputError, TemporaryError
from scenedock.model.addresses import is_base_address
from scenedock.model.json import Json, JsonObject, as_object, as_text
from scenedock.structs import dataclass

_MOST_BYTES = 1024 * 1024
_SECONDS_TO_CONNECT = 2.0
_SECONDS_TO_ANSWER = 5.0
SECONDS_FOR_TASKS = 20.0
"""A backend that begins fifty tasks at once sends nothing for seconds, and without its answer all of them fail."""
_PATIENT = urllib3.Retry(
    total=3, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), redirect=False, raise_on_status=False
)


@dataclass(frozen=True, slots=True)
class Reply:
    """The backend's response at a `url`; `data` is cut off at the limit of the caller."""

    url: str
    status: int
    data: bytes
    is_whole: bool = True

    @property
    def message(self) -> str:
        """The message of Backstage's error; empty if the response is not an error."""
        try:
            return as_text(as_object(as_object(json.loads(self.data)).get("error")).get("message"))
        except ValueError:
            return ""

    def document(self) -> Json:
        """The JSON of a successful response, `{}` for an empty one.

        Raises
        ------
        TemporaryError   the response is an error, too long, or not JSON
        """
        if self.status >= HTTPStatus.MULTIPLE_CHOICES or not self.is_whole:
            raise TemporaryError(f"{self.url}: Backstage answered {self.status}", retry_after=5)
        if not self.data:
            return {}
        try:
            document: Json = json.loads(self.data)
        except ValueError as error:
            raise TemporaryError(f"{self.url}: Backstage's response is not JSON", retry_after=5) from error
        return document


class BackstageClient:
    """The backend at `url`, its base address without a trailing slash; `token` returns a token for a plugin's id.

    A patient client tries again while the backend is restarting or overloaded.
    """

    def __init__(
        self,
        url: str,
        token: Callable[[str], str],
        *,
        is_patient: bool = False,
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        self._url = url
        self._token = token
        self._pool = pool or Connections(maxsize=4, retries=_PATIENT if is_patient else False)

    def with_tokens(self, token: Callable[[str], str]) -> BackstageClient:
        """A client of the same backend, over the same connections, with other tokens."""
        return BackstageClient(self._url, token, pool=self._pool)

    @classmethod
    def with_token(cls, url: str, token: str) -> Self:
        """A patient client that sends every plugin the same token, or none if that is empty.

        Raises
        ------
        InputError   the address or the token is invalid
        """
        if not is_base_address(url):
            raise InputError(
                f"{url!r} is not the address of a Backstage backend; write https://HOST or http://HOST:7007"
            )
        if not token.isascii() or not token.isprintable():
            raise InputError("the token for Backstage contains characters that are not allowed in tokens")
        return cls(url.rstrip("/"), lambda _plugin: token, is_patient=True)

    def ask(
        self,
        method: str,
        path: str,
        *,
        plugin: str = "",
        body: JsonObject | None = None,
        seconds: float = _SECONDS_TO_ANSWER,
        most: int = _MOST_BYTES,
    ) -> Reply:
        """The backend's response at a path below `/api`, limited to this number of seconds and bytes.

        With a `plugin`, the call has a token for it.

        Raises
        ------
        TemporaryError   the backend can't be reached
        """
        url = f"{self._url}/api/{path}"
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if plugin and (token := self._token(plugin)):
            headers["Authorization"] = f"Bearer {token}"
        try:
            answer = self._pool.request(
                method,
                url,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=_SECONDS_TO_CONNECT, read=seconds),
                redirect=False,  # the token is for this address alone
                preload_content=False,
            )
            try:
                data = answer.read(most + 1, decode_content=True)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise TemporaryError(
                f"{url}: Backstage can't be reached ({why(error)}); check the address", retry_after=5
            ) from error
        return Reply(url, answer.status, data[:most], len(data) <= most)

    def get(self, path: str) -> JsonObject:
        """A JSON object at a path below `/api`, such as public keys, requested without credentials.

        Raises
        ------
        TemporaryError   the backend can't be reached, or sends something else
        """
        return as_object(self.ask("GET", path, seconds=SECONDS_FOR_TASKS).document())
