"""Users of Backstage whose tokens were verified recently."""

from __future__ import annotations

import threading
from collections import OrderedDict

from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class VerifiedUser:
    """The user of a token, with the key that verified it and when it expires."""

    user: str
    kid: str
    key: object
    until: float


class VerifiedUsers:
    """The most recent users by the digest of their tokens.

    A plugin's token is new for each call, but the user's token inside it is the same for many, so that its signature
    needs to be verified only once. It is valid only while Backstage publishes the same key, and until it expires.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._held: OrderedDict[bytes, VerifiedUser] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> VerifiedUser | None:
        """The verified user of a token, if there is one."""
        with self._lock:
            return self._held.get(digest)

    def keep(self, digest: bytes, verified: VerifiedUser) -> None:
        """Remember the user of a verified token."""
        with self._lock:
            self._held[digest] = verified
            if len(self._held) > self._most:
                self._held.popitem(last=False)
