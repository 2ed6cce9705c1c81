"""The overview that pages show: read once for each state of the repositories, in the background, and kept."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from scenedock.errors import ScenedockError, TemporaryError
from scenedock.structs import dataclass, replace

if TYPE_CHECKING:
    from scenedock.usecases.releases.overview import Overview

_log: Final = logging.getLogger("scenedock.pages")
_SECONDS_FOR_THE_FIRST: Final = 20.0
_SECONDS_FOR_THE_NEXT: Final = 1.0
"""A page waits so long for the newest state; then it shows the last one, and says so."""
_SECONDS_AFTER_A_FAILURE: Final = 10.0


@dataclass(frozen=True, slots=True)
class ShownOverview:
    """An overview with the time when it was read, in seconds since the epoch.

    `problem` says why there is no newer one, though something has changed; empty while it is the newest.
    """

    overview: Overview
    read_at: float
    problem: str = ""


class KeptOverview:
    """The overview of the `state` that something has now; `read` reads it, in a thread that no request waits for long.

    Nothing is read before somebody asks: an installation whose pages nobody opens pays nothing for them. At most
    `most_waiting` requests wait for it at once: each has a thread, which others need meanwhile, such as the feed's.
    """

    def __init__(self, state: Callable[[], str], read: Callable[[], Overview], most_waiting: int) -> None:
        self._state = state
        self._read = read
        self._shown: ShownOverview | None = None
        self._of: str | None = None
        self._problem = ""
        self._not_before = 0.0
        self._reading: threading.Thread | None = None
        self._places = threading.BoundedSemaphore(most_waiting)
        self._lock = threading.Lock()

    @property
    def problem(self) -> str:
        """Why the last reading failed; empty if it didn't, or there was none."""
        return self._problem

    def current(self) -> ShownOverview:
        """The newest overview, or the last one if the newest takes longer than a moment, or too many wait for it.

        Raises
        ------
        TemporaryError   there is none yet
        """
        shown = self.at_hand(_SECONDS_FOR_THE_FIRST)
        if shown is None:
            raise TemporaryError(self._problem or "the repositories are being read; try again", retry_after=5)
        return shown

    def at_hand(self, seconds: float = _SECONDS_FOR_THE_NEXT) -> ShownOverview | None:
        """The same, for pages that can be shown without one; they wait so many seconds for the first."""
        if self._shown is None or self._of != self._state():
            reading = self._begin()
            if reading and self._places.acquire(blocking=False):
                try:
                    reading.join(_SECONDS_FOR_THE_NEXT if self._shown else seconds)
                finally:
                    self._places.release()
        shown = self._shown
        if shown is None or self._of == self._state():
            return shown
        problem = self._problem or "the repositories have changed and are being read"
        return replace(shown, problem=problem)

    def _begin(self) -> threading.Thread | None:
        with self._lock:
            if self._reading and self._reading.is_alive():
                return self._reading
            if time.monotonic() < self._not_before:
                return None
            self._reading = threading.Thread(target=self._renew, name="overview", daemon=True)
            self._reading.start()
            return self._reading

    def _renew(self) -> None:
        state = self._state()
        try:
            overview = self._read()
        except ScenedockError as error:
            self._problem = f"the repositories can't be read: {error}"
        except Exception:  # noqa: BLE001 - the next page tries again; the log has the traceback
            self._problem = "the repositories can't be read; the log of the service says why"
            _log.exception("the overview can't be read")
        else:
            self._shown = ShownOverview(overview, time.time())
            self._of, self._problem = state, ""
            return
        _log.warning("%s", self._problem)
        self._not_before = time.monotonic() + _SECONDS_AFTER_A_FAILURE
