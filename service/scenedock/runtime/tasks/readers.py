"""The clients that follow events of tasks: how many there are, altogether and of each user or caller."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from scenedock.errors import TemporaryError


class Readers:
    """At most `most` readers at once, and a quarter of them for one owner."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of_one = max(1, most // 4)
        self._present: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, owner: str) -> Callable[[], None]:
        """Take a place; the function returns it, once, however often it is called.

        Raises
        ------
        TemporaryError   too many clients, or too many of this owner, follow tasks already
        """
        with self._lock:
            if self._present[owner] >= self._of_one:
                raise TemporaryError(f"you follow {self._of_one} tasks already; try again later", retry_after=5)
            if self._present.total() >= self._most:
                raise TemporaryError("too many clients follow tasks already; try again later", retry_after=5)
            self._present[owner] += 1
        left = False

        def leave() -> None:
            nonlocal left
            with self._lock:
                if not left:
                    left = True
                    self._present -= Counter([owner])  # forgets who has none

        return leave
