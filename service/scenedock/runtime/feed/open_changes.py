"""The open changes that pages show: asked in the background, never in a request's time, and only so many an hour."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Final

from scenedock.usecases.changes.open_changes import OpenChanges

_log: Final = logging.getLogger("scenedock.pages")
_SECONDS: Final = 30.0
_CALLS_AN_HOUR: Final = 600
"""Of GitHub's 5,000 for all that Scenedock does; each repository is a call."""
_NOT_ASKED: Final = "the code host is being asked"


class KeptOpenChanges:
    """What the code hosts said last of the repositories of these names.

    `ask` asks them; None if there are no code hosts. Nobody is asked before somebody looks.
    """

    def __init__(
        self,
        ask: Callable[[], OpenChanges] | None,
        names: Collection[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._seconds = max(_SECONDS, len(names) * 3_600 / _CALLS_AN_HOUR)
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._said = OpenChanges(unknown=dict.fromkeys(names, _NOT_ASKED) if ask else {})
        self._asked_at = float("-inf")

    def at_hand(self) -> OpenChanges:
        """What is known now; what was never asked is unknown. If it is old, the hosts are asked, for the next page."""
        if self._ask is None:
            return self._said
        with self._lock:
            if self._clock() - self._asked_at > self._seconds and not (self._asking and self._asking.is_alive()):
                self._asking = threading.Thread(target=self._renew, args=(self._ask,), name="open-changes", daemon=True)
                self._asking.start()
        return self._said

    def wait(self) -> None:
        """Wait for the answer of what is being asked, if anything is."""
        if self._asking:
            self._asking.join()

    def _renew(self, ask: Callable[[], OpenChanges]) -> None:
        try:
            self._said = ask()
        except Exception:  # noqa: BLE001 - the next page asks again; the log has the traceback
            _log.exception("the open changes can't be asked for")
        self._asked_at = self._clock()
