"""A process that starts programs in sandboxes, one after the other: `python -m scenedock.effects.local.launcher`.

It reads a line of JSON for each (see `Launch`), and answers with one. The program is a fork of this process, which
costs a millisecond where a new Python costs as much CPU as many a program. It ends with its standard input.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
from contextlib import suppress
from typing import NamedTuple

from scenedock.effects.local.confinement import (
    LIBRARIES,
    ConfinementError,
    ProcessLimits,
    limit_resources,
    shut_in,
)

NOT_CONFINED = 97
"""The exit code where this machine can't sandbox a process; standard error says what it lacks."""
NOT_STARTED = 98
"""The exit code where the program can't be started; standard error says why."""
TOO_LONG = 99
"""Answered for a program that was ended after its `seconds`."""
_PR_SET_PDEATHSIG = 1
_GO = {"GOMAXPROCS": "2", "GOGC": "400", "GOMEMLIMIT": "700MiB"}
"""For programs in Go, as Helm is: to collect less garbage saves a quarter of the CPU of a short run."""


class Launch(NamedTuple):
    """A program to start: in `work` it may write, and read what is `readable` and the system's libraries; no more.

    `output` and `errors` are files that exist; all paths are absolute.
    """

    program: str
    arguments: tuple[str, ...]
    work: str
    folder: str
    readable: tuple[str, ...]
    output: str
    errors: str
    seconds: float
    limits: ProcessLimits


def become(launch: Launch) -> int:
    """Shut this process in and become the program; returns only if that is impossible."""
    limit_resources(launch.limits)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        shut_in(launch.work, (*LIBRARIES, *launch.readable, launch.program))
    except ConfinementError as error:
        sys.stderr.write(str(error))
        return NOT_CONFINED
    places = {"HOME": f"{launch.work}/home", "TMPDIR": f"{launch.work}/temporary"}
    try:
        os.execve(launch.program, [launch.program, *launch.arguments], {**places, **_GO})  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.stderr.write(str(error.strerror))
        return NOT_STARTED


def main() -> int:
    """Start what is asked for, until nobody asks any more."""
    for line in iter(sys.stdin.buffer.readline, b""):
        launch = Launch(*json.loads(line))
        launch = launch._replace(limits=ProcessLimits(*launch.limits))
        code = _ended(_started(launch), launch.seconds)
        if code is None:
            break
        sys.stdout.write(f"{json.dumps(code)}\n")
        sys.stdout.flush()
    return 0


def _started(launch: Launch) -> int:
    """The number of a process with a group of its own, which becomes the program."""
    if process := os.fork():
        return process
    code = NOT_STARTED
    try:
        os.setsid()
        for number, path in enumerate((os.devnull, launch.output, launch.errors)):
            file = os.open(path, os.O_RDWR)
            os.dup2(file, number)
            os.close(file)
        os.chdir(launch.folder)
        code = become(launch)
        sys.stderr.flush()
    finally:
        os._exit(code)


def _ended(process: int, seconds: float) -> int | None:
    """Its exit code, negative for a signal; None if nobody waits for it any more. What it started has ended, too."""
    descriptor = os.pidfd_open(process)
    ready, _, _ = select.select([descriptor, 0], [], [], seconds)
    os.close(descriptor)
    is_over = descriptor in ready
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    with suppress(ProcessLookupError):  # it had no group of its own yet
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if is_over:
        return os.waitstatus_to_exitcode(status)
    return None if ready else TOO_LONG


if __name__ == "__main__":
    sys.exit(main())
