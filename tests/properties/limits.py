"""A bound that turns a hang into a failure."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# A run takes a fraction of a second, on a busy machine a few.
SECONDS = 60


@contextmanager
def soon() -> Iterator[None]:
    """What happens in here ends within `SECONDS`."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"it is not done after {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
