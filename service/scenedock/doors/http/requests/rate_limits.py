"""Rate limits: a token bucket for each caller; the number of buckets is limited."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from scenedock.errors import TooManyRequestsError

_MOST_BUCKETS = 10_000


class RateLimits:
    """Allows each key `per_minute` requests in a minute, at first all at once.

    If there are too many keys, the least recently used are forgotten; a forgotten bucket counts as full.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Count one request.

        Raises
        ------
        TooManyRequestsError   the bucket is empty
        """
        now = self._clock()
        with self._lock:
            left, counted = self._buckets.pop(key, (self._most, now))
            left = min(self._most, left + (now - counted) * self._per_second)
            allowed = left >= 1
            self._buckets[key] = (left - 1 if allowed else left), now
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        if not allowed:
            wait = (1 - left) / self._per_second
            raise TooManyRequestsError(f"more than {self._most:g} requests in a minute; send fewer", retry_after=wait)
