"""The public keys that Backstage publishes, or another issuer of tokens, which verify these."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from scenedock.effects.backstage.signing_keys import ALGORITHM
from scenedock.errors import TemporaryError
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, field

PLUGIN = re.compile(r"^[a-z0-9_-]{1,64}$")
USER_KEYS = "auth/.well-known/jwks.json"


def plugin_keys(plugin: str) -> str:
    """The path of a plugin's public keys, relative to `{backstage}/api`.

    Raises
    ------
    ValueError   the id of the plugin is invalid, and must not become part of an address
    """
    if not PLUGIN.fullmatch(plugin):
        raise ValueError("not the id of a plugin")
    return f"{plugin}/.backstage/auth/v1/jwks.json"


def _readable_keys(published: JsonObject) -> dict[str, Any]:
    """The EC P-256 keys of a JWKS by id; all others are ignored."""
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


@dataclass(slots=True)
class PublicKeys:
    """Public keys by the path that publishes them; fetched when a token has an unknown key id, and `read` by id.

    A restarted Backstage has new keys, so an unknown id causes a request at once. To keep forged ids from causing a
    flood of requests, each path has a bucket of `burst` requests, refilled with one every `refill` seconds. Keys that
    are no longer published are forgotten after `keep` seconds at most.

    One caller at a time asks for the keys of a path. Others get the key that is held; if it isn't, at most
    `most_waiting` of them wait for the answer, for at most `patience` seconds.
    """

    fetch: Callable[[str], JsonObject]
    read: Callable[[JsonObject], Mapping[str, Any]] = _readable_keys
    issuer: str = "Backstage"
    burst: int = 5
    refill: float = 2.0
    keep: float = 600.0
    patience: float = 30.0
    most_waiting: int = 100
    clock: Callable[[], float] = time.monotonic
    _held: dict[str, _Held] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def key(self, path: str, kid: str) -> Any:
        """The public key with an id at a path, or None if Backstage publishes no key with that id.

        Raises
        ------
        TemporaryError   Backstage can't be reached, or takes long to answer another caller
        """
        with self._changed:
            held = self._held.setdefault(path, _Held(float(self.burst), self.clock()))
            self._wait(held, kid)
            if kid in held.keys and (held.is_asked or self.clock() - held.asked <= self.keep):
                return held.keys[kid]
            if not self._may_ask(held):
                return held.keys.get(kid)
            held.is_asked = True
        self._ask(path, held, needed=kid not in held.keys)
        return held.keys.get(kid)

    def _wait(self, held: _Held, kid: str) -> None:
        """Wait while another caller asks for this key."""
        patience = self.patience if held.waiting < self.most_waiting else 0
        held.waiting += 1
        try:
            if not self._changed.wait_for(lambda: kid in held.keys or not held.is_asked, patience):
                raise TemporaryError(f"{self.issuer} takes long to send its keys; try again", retry_after=5)
        finally:
            held.waiting -= 1

    def _may_ask(self, held: _Held) -> bool:
        now = self.clock()
        held.allowance = min(float(self.burst), held.allowance + (now - held.counted) / self.refill)
        held.counted = now
        if held.allowance < 1:
            return False
        held.allowance -= 1
        return True

    def _ask(self, path: str, held: _Held, *, needed: bool) -> None:
        try:
            held.keys = self.read(self.fetch(path))
            held.asked = self.clock()
        except TemporaryError:
            if needed:
                raise
        finally:
            with self._changed:
                held.is_asked = False
                self._changed.notify_all()


@dataclass(slots=True)
class _Held:
    """The keys of one path, whether a caller asks for them now, how many wait, and how often it may still be asked."""

    allowance: float
    counted: float
    asked: float = float("-inf")
    is_asked: bool = False
    waiting: int = 0
    keys: Mapping[str, Any] = field(default_factory=dict)
