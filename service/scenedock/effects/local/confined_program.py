"""Programs of this machine in a sandbox: without a network, without our environment, within limits."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from scenedock.effects.local.confinement import ProcessLimits
from scenedock.effects.local.launcher import NOT_CONFINED, NOT_STARTED, TOO_LONG, Launch
from scenedock.errors import InputError, NotAllowedError
from scenedock.structs import dataclass, field

AT_ONCE: Final = 2
"""How many programs run at once in this process."""
_NO_MEMORY: Final = ("out of memory", "cannot allocate memory", "failed to reserve")


class RefusedError(Exception):
    """The program ended with an error; the message is what it printed."""


@dataclass(frozen=True, slots=True)
class ConfinedProgram:
    """A program at a `path`, called `name` in messages; `setting` names it. It may have `limits` and `seconds`."""

    path: str
    name: str
    setting: str
    limits: ProcessLimits
    seconds: float = 30.0

    def run(
        self, work: Path, arguments: Sequence[str], folder: Path | None = None, readable: Sequence[Path] = ()
    ) -> bytes:
        """What it prints, started in a folder, by default `work`: there it may write, and read what is `readable`, too.

        Raises
        ------
        RefusedError      it ended with an error
        NotAllowedError   this machine can't sandbox a process
        InputError        it can't be started, or needs more than it may have
        """
        for name in ("home", "temporary"):
            with suppress(FileExistsError):
                os.mkdir(work / name)  # noqa: PTH102 - as often as it is started
        with tempfile.NamedTemporaryFile() as output, tempfile.NamedTemporaryFile() as errors:
            launch = Launch(
                program=self.path,
                arguments=tuple(arguments),
                work=str(work),
                folder=str(folder or work),
                readable=tuple(map(str, readable)),
                output=output.name,
                errors=errors.name,
                seconds=self.seconds,
                limits=self.limits,
            )
            code = _LAUNCHERS.start(launch)
            printed = _content(output)
            if code == TOO_LONG:
                raise InputError(f"{self.name} took longer than {self.seconds:g} s")
            if len(printed) >= self.limits.file_bytes:  # where it is cut off, few programs notice
                raise InputError(f"{self.name} prints more than {self.limits.file_bytes >> 20} MiB")
            if code != 0:
                raise self._refusal(code, _content(errors).decode("utf-8", "replace"))
        return printed

    def _refusal(self, code: int, complaint: str) -> Exception:
        limits = self.limits
        if code == NOT_CONFINED:
            return NotAllowedError(
                f"this machine can't sandbox {self.name} ({complaint.strip()}): "
                "run Scenedock on Linux with Landlock (5.13)"
            )
        if code == NOT_STARTED:
            said = f"can't be started in a sandbox ({complaint.strip()}); {self.setting} names it"
            return InputError(f"{self.path}: {said}")
        if any(each in complaint for each in _NO_MEMORY):
            return InputError(f"{self.name} needs more than {limits.memory_bytes >> 20} MiB of memory")
        if code < 0:
            return InputError(f"{self.name} was ended by signal {-code}; it may have {limits.cpu_seconds} s of CPU")
        return RefusedError(complaint)


@dataclass(slots=True)
class _Launchers:
    """The launchers of this process: started when they are needed, kept for the next program."""

    idle: list[subprocess.Popen[bytes]] = field(default_factory=list)
    turn: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    def start(self, launch: Launch) -> int:
        """The exit code of a program."""
        with self.turn:
            launcher = self.idle.pop() if self.idle else self._new()
            try:
                code = _asked(launcher, launch)
            except BaseException:
                _end(launcher)
                raise
            self.idle.append(launcher)
            return code

    def end(self) -> None:
        """End those that are idle."""
        while self.idle:
            _end(self.idle.pop())

    def _new(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-m", "scenedock.effects.local.launcher"]
        return subprocess.Popen(  # noqa: S603 - no shell, and our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )


_LAUNCHERS: Final = _Launchers()
atexit.register(_LAUNCHERS.end)


def _asked(launcher: subprocess.Popen[bytes], launch: Launch) -> int:
    if launcher.stdin is None or launcher.stdout is None:
        raise AssertionError("a launcher has pipes")
    try:
        launcher.stdin.write(json.dumps(launch).encode() + b"\n")
        launcher.stdin.flush()
        answer = launcher.stdout.readline()
    except OSError:
        answer = b""
    if not answer:
        raise InputError("the process that starts programs in a sandbox has died; try again")
    code: int = json.loads(answer)
    return code


def _end(launcher: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        launcher.communicate()


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
