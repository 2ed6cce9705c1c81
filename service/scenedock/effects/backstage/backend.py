"""Backstage's backend: its public keys, and the calls that we make to it, signed with our key."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import urllib3

from scenedock.effects.backstage.signing_keys import ALGORITHM, SigningKey
from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError, ScenedockError, TemporaryError
from scenedock.model.action import PLUGIN_ID
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text

PLUGIN = re.compile(r"^[a-z0-9_-]{1,64}$")
PLUGIN_TOKEN = "vnd.backstage.plugin"  # noqa: S105 - the type of a token
USER_KEYS = "auth/.well-known/jwks.json"
_MOST_BYTES = 1024 * 1024
_SECONDS_OF_A_TOKEN = 3600
_SECONDS_TO_RENEW = 600
_SECONDS_TO_READ_ENTITIES = 60.0  # Backstage fetches the file, and whatever it refers to, before it answers
_REFUSALS: Mapping[int, type[ScenedockError]] = {
    HTTPStatus.BAD_REQUEST: InputError,
    HTTPStatus.FORBIDDEN: NotAllowedError,
    HTTPStatus.CONFLICT: ConflictError,
}


def plugin_keys(plugin: str) -> str:
    """Where the public keys of a plugin are, relative to `{backstage}/api`.

    Raises
    ------
    ValueError   this can't be the id of a plugin: it never becomes a part of an address
    """
    if not PLUGIN.fullmatch(plugin):
        raise ValueError("not the id of a plugin")
    return f"{plugin}/.backstage/auth/v1/jwks.json"


@dataclass(slots=True)
class BackstageBackend:
    """The backend at `url`, its base address without a trailing slash. Redirects are never followed."""

    url: str
    key: SigningKey
    timeout: float = 5.0
    _pool: urllib3.PoolManager = field(init=False)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = urllib3.PoolManager(maxsize=4, retries=False)

    def get(self, path: str) -> JsonObject:
        """A JSON object at a path below `/api`, without credentials.

        Raises
        ------
        TemporaryError   the backend can't be reached, or answers something else
        """
        return self._read(path, *self._ask("GET", path, {}, None))

    def refresh(self, entity_ref: str) -> None:
        """Have the catalog look at an entity, and at the Locations that brought it, again and at once.

        Raises
        ------
        NotFoundError    the catalog doesn't have it (yet)
        TemporaryError   the backend can't be reached, or refuses
        """
        answered = self._ask("POST", "catalog/refresh", self._signed("catalog"), {"entityRef": entity_ref})
        if answered[0] == HTTPStatus.NOT_FOUND:
            raise NotFoundError(f"Backstage's catalog has no {entity_ref}")
        self._read("catalog/refresh", *answered)

    def add_location(self, target: str, *, dry_run: bool) -> JsonObject:
        """Register the catalog file at an address, or with `dry_run` have it read and judged; Backstage's answer.

        That is `{location: {id, entityRef}, entities, exists}`; only a dry run has entities and `exists`.

        Raises
        ------
        InputError        the file can't be read, or has an entity that Backstage refuses
        NotAllowedError   Backstage's permissions don't let us
        ConflictError     it is registered already
        TemporaryError    the backend can't be reached, or refuses otherwise
        """
        path = f"catalog/locations{'?dryRun=true' if dry_run else ''}"
        body: JsonObject = {"type": "url", "target": target}
        status, data = self._ask("POST", path, self._signed("catalog"), body, seconds=_SECONDS_TO_READ_ENTITIES)
        if status in _REFUSALS:
            raise _REFUSALS[status](f"{target}: Backstage says: {_message(data) or status}")
        return self._read(path, status, data)

    def location_id(self, target: str) -> str | None:
        """The id under which the file at an address is registered; None where it isn't, or we may not see it.

        Raises
        ------
        TemporaryError   the backend can't be reached, or refuses
        """
        path = "catalog/locations"
        listed = self._document(path, *self._ask("GET", path, self._signed("catalog"), None))
        locations = [as_object(as_object(each).get("data")) for each in as_list(listed)]
        return next((as_text(each.get("id")) for each in locations if each.get("target") == target), None)

    def _signed(self, plugin: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token(plugin)}"}

    def token(self, plugin: str) -> str:
        """A token with which a plugin of Backstage knows us; kept until shortly before it expires."""
        held, until = self._tokens.get(plugin, ("", 0.0))
        now = time.time()
        if until - now < _SECONDS_TO_RENEW:
            until = now + _SECONDS_OF_A_TOKEN
            claims = {"sub": PLUGIN_ID, "aud": plugin, "iat": int(now), "exp": int(until)}
            headers = {"kid": self.key.kid, "typ": PLUGIN_TOKEN}
            import jwt

            held = jwt.encode(claims, self.key.private, algorithm=ALGORITHM, headers=headers)
            self._tokens[plugin] = held, until
        return held

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: JsonObject | None, seconds: float = 0
    ) -> tuple[int, bytes]:
        url = f"{self.url}/api/{path}"
        sent = None if body is None else json.dumps(body).encode()
        try:
            answer = self._pool.request(
                method,
                url,
                headers={**headers, "Accept": "application/json", "Content-Type": "application/json"},
                body=sent,
                timeout=urllib3.Timeout(connect=2.0, read=seconds or self.timeout),
                redirect=False,
                preload_content=False,
            )
            try:
                data = answer.read(_MOST_BYTES + 1, decode_content=True)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise TemporaryError(f"{url}: Backstage can't be reached: {type(error).__name__}", retry_after=5) from error
        return answer.status, data

    def _read(self, path: str, status: int, data: bytes) -> JsonObject:
        return as_object(self._document(path, status, data))

    def _document(self, path: str, status: int, data: bytes) -> Json:
        url = f"{self.url}/api/{path}"
        if status >= HTTPStatus.MULTIPLE_CHOICES or len(data) > _MOST_BYTES:
            raise TemporaryError(f"{url}: Backstage answered {status}", retry_after=5)
        if not data:
            return {}
        try:
            found: Json = json.loads(data)
        except ValueError as error:
            raise TemporaryError(f"{url}: Backstage answered no JSON", retry_after=5) from error
        return found


def _message(data: bytes) -> str:
    """What an error of Backstage says."""
    try:
        return as_text(as_object(as_object(json.loads(data)).get("error")).get("message"))
    except ValueError:
        return ""


@dataclass(slots=True)
class PublicKeys:
    """Backstage's public keys by the path that publishes them; asked for when a token brings an unknown key id.

    A restarted Backstage has new keys, so an unknown id asks at once; to keep forged ids from making us a
    flood of requests, each path has a bucket of `burst` requests that refills with one each `refill` seconds.
    What Backstage no longer publishes is forgotten after `keep` seconds at most.
    """

    fetch: Callable[[str], JsonObject]
    burst: int = 5
    refill: float = 2.0
    keep: float = 600.0
    clock: Callable[[], float] = time.monotonic
    _held: dict[str, _Held] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, path: str, kid: str) -> Any:
        """The public key of an id at a path, or nothing where Backstage publishes none of that id.

        Raises
        ------
        TemporaryError   Backstage can't be asked
        """
        with self._lock:
            held = self._held.setdefault(path, _Held(float(self.burst), self.clock()))
        known = held.keys.get(kid)
        if known is not None and self.clock() - held.asked <= self.keep:
            return known  # without waiting for what somebody else's key id has us ask
        with held.lock:  # of many requests with a new key, one asks
            if kid not in held.keys or self.clock() - held.asked > self.keep:
                self._ask(path, held, needed=kid not in held.keys)
            return held.keys.get(kid)

    def _ask(self, path: str, held: _Held, *, needed: bool) -> None:
        now = self.clock()
        held.allowance = min(float(self.burst), held.allowance + (now - held.counted) / self.refill)
        held.counted = now
        if held.allowance < 1:
            return
        held.allowance -= 1
        try:
            held.keys = _readable_keys(self.fetch(path))
            held.asked = now
        except TemporaryError:
            if needed:
                raise


@dataclass(slots=True)
class _Held:
    """The keys of one path, and how often it may still be asked."""

    allowance: float
    counted: float
    asked: float = float("-inf")
    keys: Mapping[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _readable_keys(published: JsonObject) -> dict[str, Any]:
    """The EC P-256 keys of a JWKS by id; whatever else it holds is left out."""
    import jwt

    listed = published.get("keys")
    keys: dict[str, Any] = {}
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("kid"), str) and each.get("crv") == "P-256":
            try:
                keys[str(each["kid"])] = jwt.PyJWK(dict(each), algorithm=ALGORITHM).key
            except jwt.exceptions.PyJWTError:
                continue
    return keys
