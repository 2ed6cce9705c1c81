"""Answers that need the repositories read again: in a process of their own, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Concatenate, Final, ParamSpec, TypeVar

from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.local.apart import ApartLimits, run_apart
from scenedock.errors import TemporaryError
from scenedock.runtime.service import Service

P = ParamSpec("P")
T = TypeVar("T")

_SECONDS: Final = 300.0
_SECONDS_TO_WAIT: Final = 30.0
_RETRY_AFTER: Final = 10.0
_MOST_WAITING: Final = 4
_waiting: Final = threading.BoundedSemaphore(_MOST_WAITING)
_turn: Final = threading.Lock()


def read_apart(
    service: Service,
    function: Callable[Concatenate[Mapping[str, ServedRepository], P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The result of an importable function of the service's repositories; each costs about one export.

    Few wait for their turn: each has a thread for requests meanwhile.

    Raises
    ------
    InputError       a repository can't be read
    TemporaryError   others are being answered, or it needs more time or memory than a build of the feed may have
    """
    if not _take_turn():
        raise TemporaryError("others are reading the repositories now; try again later", retry_after=_RETRY_AFTER)
    try:
        limits = ApartLimits(_SECONDS, service.settings.build_memory_mib << 20)
        return run_apart(limits, function, service.feed.repositories.by_name, *args, **kwargs)
    finally:
        _turn.release()


def _take_turn() -> bool:
    if not _waiting.acquire(blocking=False):
        return False
    try:
        return _turn.acquire(timeout=_SECONDS_TO_WAIT)
    finally:
        _waiting.release()
