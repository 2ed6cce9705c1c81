"""Work in a process of its own: it doesn't block our threads, and its memory is freed when it ends."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar

from scenedock.errors import InputError, ScenedockError, TemporaryError

P = ParamSpec("P")
T = TypeVar("T")


def run_apart(seconds: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of an importable function of plain values, called in a new process.

    Raises
    ------
    InputError       the function raised an error of any class
    TemporaryError   the process died, or took longer than `seconds`
    """
    spawn = get_context("spawn")  # a fork would copy the locks that our threads hold, and never release them
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_call, args=(sender, function, args, kwargs), daemon=True)
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise TemporaryError(f"it took longer than {seconds:g} s", retry_after=60)
        returned, refusal = receiver.recv()
    except EOFError:
        process.join()
        raise TemporaryError(f"the process died (exit code {process.exitcode})", retry_after=60) from None
    finally:
        process.kill()
        process.join()
        receiver.close()
    if refusal is not None:
        raise InputError(refusal)
    result: T = returned
    return result


def _call(
    sender: Connection, function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    """The work of the process; an error is sent as its message, because not every exception can be pickled."""
    try:
        sender.send((function(*args, **kwargs), None))
    except ScenedockError as error:
        sender.send((None, str(error)))
