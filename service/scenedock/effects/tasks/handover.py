"""Threads that run tasks, and the runs that they haven't begun: a thread goes on with the next run when one has ended.

To start a run, dbos makes a record, and ends it after the run: two transactions, which cost more than a task's own.
So a run begins a record only if no thread is free that has one.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final, TypeAlias

Run: TypeAlias = tuple[str, int]
"""The id of a task, and the number of its run."""

_LINGERS_SECONDS: Final = 1.0


class Handover:
    """Runs that wait for one of at most `most` threads; a thread without a run waits a second for the next one."""

    def __init__(self, most: int, lingers_seconds: float = _LINGERS_SECONDS) -> None:
        self._most = most
        self._lingers_seconds = lingers_seconds
        self._threads = 0
        self._free = 0
        self._waiting: deque[Run] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def offer(self, run: Run) -> bool:
        """Whether a thread will run it; if not, the caller starts one more for it, or tells that it can't (`lost`)."""
        with self._changed:
            if self._free > len(self._waiting) or self._threads >= self._most:
                self._waiting.append(run)
                self._changed.notify()
                return True
            self._threads += 1
            return False

    def next(self) -> Run | None:
        """The next run for a thread that has ended one; None if there is none for a while: then the thread ends."""
        with self._changed:
            self._free += 1
            self._changed.wait_for(lambda: self._waiting or self._closed, self._lingers_seconds)
            self._free -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None

    def lost(self) -> list[Run]:
        """Note that a thread could not be started; return the runs that waited, if no thread is left for them."""
        with self._changed:
            self._threads -= 1
            if self._threads:
                return []
            left = list(self._waiting)
            self._waiting.clear()
            return left

    def close(self) -> None:
        """Let threads end as soon as no run waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
