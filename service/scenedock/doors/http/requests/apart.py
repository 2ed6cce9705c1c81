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
_turn: Final = threading.Lock()


def read_apart(
    service: Service,
    function: Callable[Concatenate[Mapping[str, ServedRepository], P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The result of an importable function of the service's repositories; each costs about one export.

    Raises
    ------
    InputError       a repository can't be read
    TemporaryError   others are being answered, or it needs more time or memory than a build of the feed may have
    """
    if not _turn.acquire(timeout=_SECONDS_TO_WAIT):
        raise TemporaryError("others are reading the repositories now; try again later", retry_after=_RETRY_AFTER)
    try:
        limits = ApartLimits(_SECONDS, service.settings.build_memory_mib << 20)
        return run_apart(limits, function, service.feed.repositories.by_name, *args, **kwargs)
    finally:
        _turn.release()
