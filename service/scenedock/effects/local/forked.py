"""Work that a fork of this process does at the same time, on another core; what it gives comes back by a file."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Final

from scenedock.effects.local.facts_file import pack, unpack

_LENGTH: Final = 8


def cores() -> int:
    """How many processes can run at once."""
    return len(os.sched_getaffinity(0))


def can_fork() -> bool:
    """Whether this process has no threads, whose locks a fork would copy."""
    return threading.active_count() == 1


@contextmanager
def forked(work: Callable[[], Iterable[object]]) -> Iterator[Callable[[], Iterator[object]]]:
    """Begin work in a fork; the function that is given has the facts that it gives, and waits for those.

    There are fewer if the fork died. Whoever leaves the context early ends it.
    """
    import tempfile  # with all that it imports; a small repository needs none

    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if not child:
            _give(work, file)
        ended = False

        def results() -> Iterator[object]:
            nonlocal ended
            at = 0
            while True:  # what is there already is taken while the fork goes on; its place in the file isn't moved
                size = int.from_bytes(os.pread(file.fileno(), _LENGTH, at))
                data = os.pread(file.fileno(), size, at + _LENGTH)
                if size and len(data) == size:
                    yield unpack(data)
                    at += _LENGTH + size
                elif ended:
                    return
                else:
                    os.waitpid(child, 0)
                    ended = True

        try:
            yield results
        finally:
            if not ended:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _give(work: Callable[[], Iterable[object]], file: IO[bytes]) -> None:
    """What the fork does; it never returns, and leaves all that it shares with its parent as it is."""
    status = 1
    try:
        for each in work():
            data = pack(each)
            file.write(len(data).to_bytes(_LENGTH) + data)
            file.flush()
        status = 0
    finally:
        os._exit(status)
