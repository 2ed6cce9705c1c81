"""The catalog of a Backstage, over its REST API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

from scenedock.errors import (
    AuthenticationError,
    InputError,
    NotAllowedError,
    NotFoundError,
    ScenedockError,
    TemporaryError,
)
from scenedock.model.entity import Entity

_ENTITIES_OF_A_PAGE = 500
_MOST_BYTES = 256 * 1024 * 1024
_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 10.0, 60.0
_RETRIES = urllib3.Retry(
    total=3, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), redirect=False, raise_on_status=False
)


class BackstageCatalog:
    """The catalog of the backend at `url`, its base address; `token` is sent as a bearer token where it is given."""

    def __init__(self, url: str, token: str = "") -> None:
        split = urlsplit(url)
        if split.scheme not in {"http", "https"} or not split.hostname or split.username or split.query:
            raise InputError(f"{url!r} is no address of a Backstage backend; write https://HOST or http://HOST:7007")
        if not token.isascii() or not token.isprintable():
            raise InputError("the token for Backstage has characters that no token has")
        self._address = f"{url.rstrip('/')}/api/catalog/entities/by-query"
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_SECONDS_TO_CONNECT, read=_SECONDS_TO_ANSWER), retries=_RETRIES
        )

    def entities(self) -> Iterator[Entity]:
        """All entities that the token may see, in pages as Backstage gives them.

        Raises
        ------
        AuthenticationError, NotAllowedError   Backstage refuses the token
        NotFoundError    there is no catalog at the address
        InputError       what answers is no Backstage
        TemporaryError   it can't be reached, or is out of order
        """
        query = {"limit": str(_ENTITIES_OF_A_PAGE)}
        seen: set[str] = set()
        while True:
            page = self._page(query)
            items, about = page.get("items"), page.get("pageInfo")
            if not isinstance(items, list) or not isinstance(about, dict):
                raise self._no_backstage("an answer without `items` and `pageInfo`")
            yield from (Entity(item) for item in items if isinstance(item, dict))
            cursor = about.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                return
            if cursor in seen:
                raise self._no_backstage("pages that have no end")
            seen.add(cursor)
            query = {"cursor": cursor, "limit": str(_ENTITIES_OF_A_PAGE)}

    def _page(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            answer = self._pool.request(
                "GET",
                f"{self._address}?{urlencode(query)}",
                headers=self._headers,
                redirect=False,  # the token is for this address alone
                preload_content=False,
            )
            try:
                data = answer.read(_MOST_BYTES, decode_content=True)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            said = f"{self._address}: Backstage can't be reached ({type(reason).__name__}); check the address"
            raise TemporaryError(said, retry_after=30) from error
        if answer.status != 200:
            raise self._refusal(answer.status)
        try:
            page = json.loads(data)
        except ValueError as error:
            raise self._no_backstage("something that is no JSON") from error
        if not isinstance(page, dict):
            raise self._no_backstage("no JSON object")
        return page

    def _refusal(self, status: int) -> ScenedockError:
        match status:
            case 401:
                return AuthenticationError(f"{self._address}: Backstage wants a valid token (401)")
            case 403:
                return NotAllowedError(f"{self._address}: the token may not read the catalog (403)")
            case 404:
                return NotFoundError(f"{self._address}: there is no catalog; name the address of Backstage's backend")
            case _ if status == 429 or status >= 500:
                return TemporaryError(f"{self._address}: Backstage is out of order ({status})", retry_after=30)
            case _:
                return self._no_backstage(f"status {status}")

    def _no_backstage(self, answer: str) -> InputError:
        return InputError(f"{self._address}: {answer} came back, so this is no Backstage backend; check the address")
