"""The helm of this machine, run in a sandbox: without a network, without our environment, within limits."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Final

from scenedock.effects.helm.confined_child import NOT_CONFINED, NOT_STARTED
from scenedock.effects.local.confinement import ProcessLimits
from scenedock.errors import InputError, NotAllowedError, NotFoundError

SETTING: Final = "SCENEDOCK_HELM"
_VERSION: Final = re.compile(r"v(\d+)\.(\d+)\.\d+")
_OLDEST: Final = (3, 17)
_FIRST_UNKNOWN: Final = (5, 0)
_ADVICE: Final = "Use --debug flag"
_LONGEST_COMPLAINT: Final = 600
_LIMITS: Final = ProcessLimits(memory_bytes=1536 << 20, cpu_seconds=20, file_bytes=8 << 20)
"""Go reserves address space generously: below 1 GiB, helm doesn't start."""
_AT_ONCE: Final = threading.BoundedSemaphore(2)
_NO_MEMORY: Final = ("out of memory", "cannot allocate memory", "failed to reserve")


@dataclass(frozen=True, slots=True)
class HelmProgram:
    """The helm to use: a path, or a name on PATH. At most two run at once in this process, each for `seconds`."""

    named: str = "helm"
    seconds: float = 30.0
    limits: ProcessLimits = field(default=_LIMITS)

    def path(self) -> str:
        """Where it is.

        Raises
        ------
        NotFoundError   there is none
        """
        found = shutil.which(self.named)
        if found is None:
            raise NotFoundError(
                f"there is no {self.named!r} to render charts with: install Helm 3.17 or newer, or 4, "
                f"or set {SETTING} to the path of its program"
            )
        return os.path.realpath(found)

    def check(self) -> None:
        """Check that it can be used here.

        Raises
        ------
        NotFoundError     there is none
        NotAllowedError   this machine can't sandbox a process
        InputError        it is something else, or an older or newer version than 3.17 to 4
        """
        path = self.path()
        with tempfile.TemporaryDirectory(prefix="scenedock-helm-") as work:
            printed = self.run(Path(work), ["version", "--template", "{{.Version}}"]).decode("utf-8", "replace")
        version = _VERSION.search(printed)
        number = (int(version[1]), int(version[2])) if version else (0, 0)
        if not _OLDEST <= number < _FIRST_UNKNOWN:
            said = f"Helm {version[0]}" if version else "no helm"
            raise InputError(
                f"{path}: this is {said}; Helm 3.17 or newer, or 4, is needed: install it, or set {SETTING} to it"
            )

    def run(self, work: Path, arguments: Sequence[str], folder: str = "") -> bytes:
        """What it prints, started in a folder below `work`, of which it may read and write everything.

        Raises
        ------
        NotFoundError     there is none
        NotAllowedError   this machine can't sandbox a process
        InputError        it refuses, for the reason that it gives, or needs more than it may have
        """
        home, temporary = work / "home", work / "temporary"
        home.mkdir(exist_ok=True)
        temporary.mkdir(exist_ok=True)
        child = [sys.executable, "-I", "-m", "scenedock.effects.helm.confined_child"]
        command = [*child, str(work), json.dumps(asdict(self.limits)), self.path(), *arguments]
        environment = {"HOME": str(home), "TMPDIR": str(temporary), "GOMAXPROCS": "2"}
        with _AT_ONCE, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(  # noqa: S603 - no shell, and our own module
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=work / folder,
                env=environment,
                start_new_session=True,
            )
            try:
                process.wait(self.seconds)
            except subprocess.TimeoutExpired:
                raise InputError(f"helm took longer than {self.seconds:g} s") from None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            printed = _content(output)
            if len(printed) >= self.limits.file_bytes:  # where it is cut off, helm doesn't notice
                raise InputError(f"helm prints more than {self.limits.file_bytes >> 20} MiB")
            if process.returncode != 0:
                raise self._refusal(process.returncode, _content(errors).decode("utf-8", "replace"))
        return printed

    def _refusal(self, code: int, complaint: str) -> InputError | NotAllowedError:
        limits = self.limits
        if code == NOT_CONFINED:
            return NotAllowedError(
                f"this machine can't sandbox helm ({complaint.strip()}): run Scenedock on Linux with Landlock (5.13)"
            )
        if code == NOT_STARTED:
            return InputError(f"{self.path()}: can't be started in a sandbox ({complaint.strip()}); {SETTING} names it")
        if any(each in complaint for each in _NO_MEMORY):
            return InputError(f"helm needs more than {limits.memory_bytes >> 20} MiB of memory")
        if code < 0:
            return InputError(f"helm was ended by signal {-code}; it may have {limits.cpu_seconds} s of CPU")
        return InputError(f"helm refuses it: {_said(complaint)}")


def _said(complaint: str) -> str:
    """Helm's own words, without its warnings and advice; of a long chain of calls both ends."""
    words = complaint[complaint.rfind("Error: ") :].removeprefix("Error: ").partition(_ADVICE)[0]
    text = " ".join(words.split())
    return text if len(text) <= _LONGEST_COMPLAINT else f"{text[:200]} … {text[200 - _LONGEST_COMPLAINT :]}"


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
