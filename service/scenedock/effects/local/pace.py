"""The pace of requests to a code host, which stays below its rate limits."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from scenedock.errors import TemporaryError
from scenedock.structs import dataclass, field

AT_ONCE = 4
LONGEST_WAIT_SECONDS = 5.0
_TURN_SECONDS = 60.0


@dataclass(slots=True)
class Window:
    """A limit of points in a number of seconds; `taken` are the times and points of recent requests."""

    seconds: float
    most: int
    taken: deque[tuple[float, int]] = field(default_factory=deque)

    def free_at(self, points: int, now: float) -> float:
        """The time when this number of points is available."""
        while self.taken and self.taken[0][0] <= now - self.seconds:
            self.taken.popleft()
        over = sum(each for _, each in self.taken) + points - self.most
        for at, each in self.taken:
            if over <= 0:
                break
            over -= each
            now = max(now, at + self.seconds)
        return now


class Pace:
    """The limits of one credential: waits briefly for a turn, and refuses requests that would have to wait long.

    `product` is the code host's, for messages. A read takes a point of `points`, a write five; what notifies others
    takes one of each of `content`.
    """

    def __init__(
        self,
        product: str,
        points: Window,
        content: Sequence[Window] = (),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._product = product
        self._points = points
        self._content = content
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._at_once = threading.BoundedSemaphore(AT_ONCE)
        self._held_until = 0.0

    @contextmanager
    def turn(self, *, writes: bool, tells: bool) -> Iterator[None]:
        """Wait for one request's turn; `tells` if it notifies others, such as of a new pull request.

        Raises
        ------
        TemporaryError   the turn would come too late
        """
        self._sleep_until(self._reserve(5 if writes else 1, tells=tells))
        if not self._at_once.acquire(timeout=_TURN_SECONDS):
            raise TemporaryError(f"too many requests to {self._product} are running", retry_after=5)
        try:
            yield
        finally:
            self._at_once.release()

    def hold(self, seconds: float) -> None:
        """Send no request for this time, as the host requested."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def _reserve(self, points: int, *, tells: bool) -> float:
        with self._lock:
            now = self._clock()
            windows = [(self._points, points), *((each, 1) for each in self._content if tells)]
            at = max(self._held_until, *(window.free_at(taken, now) for window, taken in windows))
            if at - now > LONGEST_WAIT_SECONDS:
                raise TemporaryError(f"{self._product}'s rate limit is used up for now", retry_after=at - now)
            for window, taken in windows:
                window.taken.append((max(at, now), taken))
            return at

    def _sleep_until(self, at: float) -> None:
        if (seconds := at - self._clock()) > 0:
            self._sleep(seconds)
