"""Who goes first among the threads of a process: short requests, for which people wait, before tasks (decision 96)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

_SHORT_SECONDS: Final = 0.05
"""A request that takes longer is no short one: it may follow a task for minutes."""
_MOST_SECONDS: Final = 0.01


class RightOfWay:
    """The short requests that are being answered, and the waiting of those that let them go first.

    Threads of Python take turns, however urgent their work is. So work that takes long asks between its parts whether
    it should wait. It waits 10 ms at once at most, and for at most half of its time, whatever is asked of the service.
    It must hold no lock that a request may need.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._requests: dict[Hashable, float] = {}
        self._changed = threading.Condition()
        self._thread = threading.local()

    def begins(self, request: Hashable) -> None:
        """Note that a short request has arrived; until it `ends`, it goes first."""
        with self._changed:
            self._requests[request] = self._clock()

    def ends(self, request: Hashable) -> None:
        """Note that a request has been answered; it needn't be one that was noted."""
        if request in self._requests:
            with self._changed:
                self._requests.pop(request, None)
                self._changed.notify_all()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """What this thread does in the context waits for no request: it answers one."""
        self._thread.answers = True
        try:
            yield
        finally:
            self._thread.answers = False

    def give_way(self) -> float:
        """Wait for short requests that are being answered, unless this thread has just waited, or answers one.

        Returns the seconds that it waited.
        """
        mine = self._thread
        if not self._requests or getattr(mine, "answers", False):
            return 0.0
        began = self._clock()
        if began < getattr(mine, "works_until", 0.0):
            return 0.0
        with self._changed:
            self._changed.wait_for(self._is_free, _MOST_SECONDS)
        ended = self._clock()
        mine.works_until = ended + (ended - began)
        return ended - began

    def _is_free(self) -> bool:
        return self._clock() - max(self._requests.values(), default=0.0) > _SHORT_SECONDS


RIGHT_OF_WAY: Final = RightOfWay()
"""That of this process: its threads share one interpreter."""
