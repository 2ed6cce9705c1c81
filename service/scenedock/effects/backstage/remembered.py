"""Answers of Backstage that are remembered for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from scenedock.structs import dataclass, field

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class Remembered(Generic[K, V]):
    """The last `most` values, each for `seconds` by the clock; for any number of threads."""

    seconds: float
    most: int = 1000
    clock: Callable[[], float] = time.monotonic
    _known: OrderedDict[K, tuple[V, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: K) -> V | None:
        """The value of a key; None if there is none, or its time is over."""
        with self._lock:
            known = self._known.get(key)
        return known[0] if known is not None and self.clock() < known[1] else None

    def put(self, key: K, value: V) -> None:
        """Remember a value from now on, and forget the oldest where there are too many."""
        with self._lock:
            self._known[key] = value, self.clock() + self.seconds
            self._known.move_to_end(key)
            if len(self._known) > self.most:
                self._known.popitem(last=False)
