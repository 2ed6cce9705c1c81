"""Places for calls, and the queue for them: each user, or else each caller, is served in turn."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from scenedock.errors import TemporaryError

_SECONDS_TO_TRY_AGAIN: Final = 10


class Places:
    """At most `most` calls have a place at once. Others wait, for at most some seconds.

    Whoever waits is served by turns: one call of each user, however many calls another user has in the queue.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._free = most
        self._seconds = seconds
        self._queue: OrderedDict[str, deque[_Waiting]] = OrderedDict()
        self._closed = False
        self._lock = threading.RLock()  # a signal may close it while it is being closed

    @contextmanager
    def place(self, owner: str) -> Iterator[Callable[[], None]]:
        """A place for a call of this owner, as soon as there is one; the function returns it before the end.

        Raises
        ------
        TemporaryError   there was none in time, or the service is about to stop
        """
        self._take(owner)
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._leave()

        try:
            yield leave
        finally:
            leave()

    def close(self) -> None:
        """Send away everybody who waits, now or later."""
        with self._lock:
            self._closed = True
            for waiting in [each for line in self._queue.values() for each in line]:
                waiting.called.set()
            self._queue.clear()

    def _take(self, owner: str) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if self._closed:
                raise about_to_stop()
            waiting = _Waiting()
            self._queue.setdefault(owner, deque()).append(waiting)
        waiting.called.wait(self._seconds)
        with self._lock:
            if waiting.has_place:
                return
            if self._closed:
                raise about_to_stop()
            self._queue[owner].remove(waiting)
            if not self._queue[owner]:
                del self._queue[owner]
        raise TemporaryError(
            f"other calls took all places for {self._seconds:g} s (`SCENEDOCK_QUEUE_SECONDS`); try again",
            retry_after=_SECONDS_TO_TRY_AGAIN,
        )

    def _leave(self) -> None:
        with self._lock:
            if not self._queue:
                self._free += 1
                return
            owner, line = self._queue.popitem(last=False)
            waiting = line.popleft()
            if line:
                self._queue[owner] = line  # behind all others
            waiting.has_place = True
            waiting.called.set()


class _Waiting:
    """One call in the queue."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.has_place = False


def about_to_stop() -> TemporaryError:
    """The refusal of a service that begins nothing any more."""
    return TemporaryError("the service is about to stop; try again", retry_after=5)
