"""Whether what the service keeps in its data folder can be written."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from scenedock.effects.local.disk import MAKE_WRITABLE, why_unwritable
from scenedock.model.finding import Reason

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

    def reasons(self) -> tuple[Reason, ...]:
        """Why it can't be written; empty where it can."""
        if self._looking.acquire(blocking=False):
            try:
                found = why_unwritable(self._folder, WRITTEN)
                self._reasons = (Reason("", "data-unwritable", self._said(*found)),) if found else ()
            finally:
                self._looking.release()
        return self._reasons

    def _said(self, place: Path, why: str) -> str:
        is_within = place.parent == self._folder.absolute()
        what = f"{place}, in the data folder," if is_within else f"the data folder {self._folder.absolute()}"
        lost = "" if is_within or self._has_database else ", so nothing is kept"
        at = f" (at {place})" if not is_within and place != self._folder.absolute() else ""
        return f"{what} can't be written{lost}: {why}{at}. {MAKE_WRITABLE}"
