"""Sessions: who has signed in with a browser, until they sign out, are signed out, or are away for too long."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from typing import Final

from scenedock.effects.local.session_files import SessionStore
from scenedock.model.action import Caller
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.runtime.callers.static_tokens import StaticTokens
from scenedock.structs import dataclass

_NOT_NOTED: Final = 60_000
"""Milliseconds within which an owner who is seen again is not noted: most pages are asked for one after the other."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of an installation. The id of one is known to a browser alone; the store has its hash.

    They last for `seconds`, and without a request for `idle` seconds. A session of a token ends when the token is no
    longer listed, and that of an issuer's user when people sign in with another `issuer`.
    """

    store: SessionStore
    tokens: StaticTokens
    issuer: str
    seconds: int
    idle: int
    clock: Callable[[], float] = time.time

    def begin_for_user(self, user: str, groups: frozenset[str] | None) -> str:
        """Begin a session of a user whom the issuer knows; its id."""
        listed = None if groups is None else sorted(groups)
        return self._begin(user, {"user": user, "issuer": self.issuer, "groups": listed})

    def begin_for_token(self, caller: Caller, digest: bytes) -> str:
        """Begin a session of the holder of a static token; its id."""
        return self._begin(caller.subject, {"token": digest.hex()})

    def caller(self, session_id: str) -> Caller | None:
        """Who has the session with an id; None if it has ended.

        Raises
        ------
        ScenedockError   the sessions can't be read
        """
        now, key = self._now(), _key(session_id)
        kept, seen_at = self.store.find(key) or ("{}", 0)
        record = as_object(json.loads(kept))
        begun_at = record.get("begun")
        if not isinstance(begun_at, int) or now >= min(begun_at + self.seconds * 1000, seen_at + self.idle * 1000):
            return None
        if now - seen_at > _NOT_NOTED:
            self.store.touch(key, now)
        return self._caller(record)

    def end(self, session_id: str) -> None:
        """End one session.

        Raises
        ------
        ScenedockError   it can't be removed
        """
        self.store.remove(_key(session_id))

    def end_all(self, owner: str | None) -> int:
        """End all sessions of a user or token (None: of everybody); how many there were.

        Raises
        ------
        ScenedockError   they can't be removed
        """
        return self.store.remove_of(owner)

    def _begin(self, owner: str, record: JsonObject) -> str:
        now = self._now()
        self.store.forget(now - self.idle * 1000)
        session_id = secrets.token_urlsafe(32)
        self.store.add(_key(session_id), owner, json.dumps({**record, "begun": now}), now)
        return session_id

    def _caller(self, record: JsonObject) -> Caller | None:
        if digest := as_text(record.get("token")):
            return self.tokens.caller(bytes.fromhex(digest))
        if not self.issuer or record.get("issuer") != self.issuer:
            return None
        groups = record.get("groups")
        return person(as_text(record["user"]), None if groups is None else frozenset(map(as_text, as_list(groups))))

    def _now(self) -> int:
        return int(self.clock() * 1000)


def person(user: str, groups: frozenset[str] | None) -> Caller:
    """A person on our pages, as a caller."""
    return Caller("pages", "pages", user, "run", groups=groups)


def _key(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
