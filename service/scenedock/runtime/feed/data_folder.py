"""Whether what the service keeps in its data folder can be written."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Final

from scenedock.effects.local.disk import MAKE_WRITABLE, why_unwritable
from scenedock.model.finding import Reason
from scenedock.runtime.logs import Troubles

_log: Final = logging.getLogger("scenedock.data")

WRITTEN: Final = ("repositories", "applications", "sessions", "executors", "catalog-facts", "tasks.db")
"""What the service writes in its data folder, except files that it replaces as a whole: for those, the folder counts.

Other things may lie there that are not ours, such as `lost+found`.
"""


class DataFolder:
    """The data folder, as it was found at the last look.

    While one thread looks, which may take for ever on a network's file system, others get what was found before.
    """

    def __init__(self, folder: Path, *, has_database: bool) -> None:
        self._folder = folder
        self._has_database = has_database
        self._looking = threading.Lock()
        self._reasons: tuple[Reason, ...] = ()
        self._troubles = Troubles(_log)

    def reasons(self) -> tuple[Reason, ...]:
        """Why it can't be written, without paths, as anybody may read it; empty where it can. The log has the path."""
        if self._looking.acquire(blocking=False):
            try:
                found = why_unwritable(self._folder, WRITTEN)
                self._reasons = (Reason("", "data-unwritable", self._said(*found)),) if found else ()
                self._troubles.note({f"{found[0]} can't be written": found[1]} if found else {})
            finally:
                self._looking.release()
        return self._reasons

    def _said(self, place: Path, why: str) -> str:
        is_within = place.parent == self._folder.absolute()
        what = (
            f"{place.name}, in the data folder (SCENEDOCK_DATA)," if is_within else "the data folder (SCENEDOCK_DATA)"
        )
        lost = "" if is_within or self._has_database else ", so nothing is kept"
        above = "" if is_within or place == self._folder.absolute() else " (of a folder above it)"
        return f"{what} can't be written{lost}: {why}{above}. {MAKE_WRITABLE}"
