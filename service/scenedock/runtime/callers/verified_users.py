"""Users of Backstage whose tokens were verified a moment ago."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerifiedUser:
    """The user of a token, with the key that verified it and when it expires."""

    user: str
    kid: str
    key: object
    until: float


class VerifiedUsers:
    """Users by the digest of their tokens, the last few.

    A plugin's token is a new one for each call, the user's inside it is the same for many: so its signature needs to be
    verified once. It counts only while Backstage publishes that very key, and until it expires.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._held: OrderedDict[bytes, VerifiedUser] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> VerifiedUser | None:
        """What is known of a token."""
        with self._lock:
            return self._held.get(digest)

    def keep(self, digest: bytes, verified: VerifiedUser) -> None:
        """Know a token from now on."""
        with self._lock:
            self._held[digest] = verified
            if len(self._held) > self._most:
                self._held.popitem(last=False)
