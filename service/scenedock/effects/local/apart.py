"""Work in a process of its own: it doesn't block our threads, and its memory is freed when it ends.

It is forked from a process that has everything imported and no threads: a new Python takes half a second of CPU for the
imports, a fork a few milliseconds, and a fork of this process would copy the locks that our threads hold.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from resource import RLIM_INFINITY, RLIMIT_DATA, getrlimit, setrlimit
from typing import ParamSpec, TypeVar

from scenedock.errors import ERRORS, ScenedockError, TemporaryError
from scenedock.structs import dataclass

P = ParamSpec("P")
T = TypeVar("T")

_processes = get_context("forkserver")


@dataclass(frozen=True, slots=True)
class ApartLimits:
    """How long a process may take, and how many bytes of memory it, and each process that it starts, may have."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An error as it is sent: not every exception can be pickled."""

    kind: type[ScenedockError]
    message: str
    retry_after: float

    @classmethod
    def of(cls, error: ScenedockError) -> _Refusal:
        known = next((each for each in type(error).__mro__ if each in ERRORS), ScenedockError)
        return cls(known, str(error), error.retry_after if isinstance(error, TemporaryError) else 0)

    def error(self) -> ScenedockError:
        if issubclass(self.kind, TemporaryError):
            return self.kind(self.message, retry_after=self.retry_after)
        return self.kind(self.message)


def import_once(modules: Sequence[str]) -> None:
    """Have modules imported by the process that all are forked from; once that has begun, this changes nothing."""
    _processes.set_forkserver_preload(list(modules))


def run_apart(limits: ApartLimits, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of an importable function of plain values, called in a new process.

    Raises
    ------
    ScenedockError   the function raised it; a subclass that isn't in the table of errors comes as its parent
    TemporaryError   the process died, or needs more time or memory than it may have
    """
    most = f"{limits.memory >> 20} MiB of memory"
    here, there = _processes.Pipe()
    process = _processes.Process(target=_call, args=(there, limits.memory), daemon=True)
    process.start()
    there.close()
    try:
        # Not as arguments of the process: its start would wait for ever for one that dies before it has read them.
        here.send((function, args, kwargs))
        if not here.poll(limits.seconds):
            raise TemporaryError(f"it took longer than {limits.seconds:g} s", retry_after=60)
        returned, refusal, is_too_large = here.recv()
    except (EOFError, ConnectionError):
        process.join()
        said = f"the process died (exit code {process.exitcode}; it may have {most})"
        raise TemporaryError(said, retry_after=60) from None
    finally:
        if process.is_alive():  # else its number may be another process's by now
            process.kill()
        process.join()
        here.close()
    if is_too_large:
        raise TemporaryError(f"it needs more than {most}", retry_after=60)
    if refusal is not None:
        raise refusal.error()
    result: T = returned
    return result


def give_back_memory() -> None:
    """Give free memory back to the system, where the C library has a call for it (glibc); by itself it keeps much."""
    from ctypes import CDLL  # slow to import, and seldom needed

    with suppress(AttributeError, OSError):
        CDLL(None).malloc_trim(0)


def _call(connection: Connection, memory: int) -> None:
    """The work of the process; an error is sent, too."""
    gc.disable()  # it ends soon, and the search for garbage costs a tenth of it
    hard = getrlimit(RLIMIT_DATA)[1]
    setrlimit(RLIMIT_DATA, (memory if hard == RLIM_INFINITY else min(memory, hard), hard))
    try:
        function, args, kwargs = connection.recv()
    except EOFError:  # who asked has ended
        return
    try:
        answer: tuple[object, _Refusal | None, bool] = (function(*args, **kwargs), None, False)
    except ScenedockError as error:
        answer = (None, _Refusal.of(error), False)
    except MemoryError:  # it is free again after this block
        answer = (None, None, True)
    with suppress(BrokenPipeError):
        connection.send(answer)
