"""Answers that need the service's repositories read again: in a process of their own, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.local.apart import ApartLimits, run_apart
from scenedock.effects.local.facts_file import FactsFile
from scenedock.errors import TemporaryError
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    from scenedock.releases.listing import ReadState

P = ParamSpec("P")
T = TypeVar("T")

_SECONDS: Final = 300.0
_SECONDS_TO_WAIT: Final = 30.0
_RETRY_AFTER: Final = 10.0
_MOST_WAITING: Final = 16


@dataclass(frozen=True, slots=True)
class ServedApart:
    """The repositories by name, and `last`, which gives the catalog that is kept of them; `memory` is in bytes.

    `versions` is the file of what is known of their versions, `stale` gives the states of those that can't be fetched.
    """

    repositories: Mapping[str, ServedRepository]
    last: Callable[[], KeptCatalog | None]
    memory: int
    versions: FactsFile | None = None
    stale: Callable[[], Mapping[str, ReadState]] = dict
    _waiting: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(_MOST_WAITING))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def read(
        self,
        function: Callable[Concatenate[Mapping[str, ServedRepository], KeptCatalog | None, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The result of an importable function of the repositories and the kept catalog; each costs about one export.

        Few wait for their turn: each has a thread for requests meanwhile.

        Raises
        ------
        InputError       no repository can be read
        TemporaryError   others are being answered, or it needs more time or memory than a build of the feed may have
        ScenedockError   the function raised it, or what is kept can't be read
        """
        if not self._take_turn():
            message = "others are reading the repositories now; try again later"
            raise TemporaryError(message, retry_after=_RETRY_AFTER, turn=True)
        try:
            limits = ApartLimits(_SECONDS, self.memory)
            return run_apart(limits, function, self.repositories, self.last(), *args, **kwargs)
        finally:
            self._turn.release()

    def _take_turn(self) -> bool:
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._turn.acquire(timeout=_SECONDS_TO_WAIT)
        finally:
            self._waiting.release()
