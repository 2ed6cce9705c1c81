"""Work that a fork of this process does at the same time, on another core; what it gives comes back by a file."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import IO, Final, TypeVar

_LENGTH: Final = 8
_LARGE: Final = 2_000
"""Things from which on a second process is worth its start."""
_MOST: Final = 4
"""Processes by default: what is not shared takes longer than what more of them would save, and each has memory."""
_AT_ONCE: Final = 100

_Thing = TypeVar("_Thing")
_Result = TypeVar("_Result")


def in_parts(
    work: Callable[[Sequence[_Thing]], _Result], things: Sequence[_Thing], jobs: int | None, kind: type[_Result]
) -> Iterator[_Result]:
    """What work gives for one part of things after the other; `jobs` processes do it, for None as many as pay.

    A fork gives results of this kind; what it doesn't give is done here. A process with threads does all of it alone.
    """
    if jobs is None:
        jobs = min(cores(), _MOST) if len(things) >= _LARGE else 1
    size = -(-len(things) // jobs) if jobs > 1 and things and can_fork() else len(things)
    own, *others = [_parts(things[begin : begin + size]) for begin in range(0, len(things), size or 1)] or [[]]
    with ExitStack() as stack:
        given = [stack.enter_context(forked(partial(map, work, each))) for each in others]
        yield from map(work, own)
        for parts, results in zip(others, given, strict=True):
            found = results()
            for part in parts:
                result = next(found, None)
                yield result if isinstance(result, kind) else work(part)


def _parts(things: Sequence[_Thing]) -> Sequence[Sequence[_Thing]]:
    return [things[begin : begin + _AT_ONCE] for begin in range(0, len(things), _AT_ONCE)]


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
    import tempfile  # with all that they import; a small repository needs none

    from scenedock.effects.local.facts_file import unpack

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
    from scenedock.effects.local.facts_file import pack

    status = 1
    try:
        for each in work():
            data = pack(each)
            file.write(len(data).to_bytes(_LENGTH) + data)
            file.flush()
        status = 0
    finally:
        os._exit(status)
