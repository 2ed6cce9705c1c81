"""The helm of this machine, run in a sandbox: without a network, without our environment, within limits."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from scenedock.effects.local.confined_program import ConfinedProgram, RefusedError
from scenedock.effects.local.confinement import ProcessLimits
from scenedock.errors import InputError, NotFoundError
from scenedock.structs import dataclass, field

SETTING: Final = "SCENEDOCK_HELM"
_VERSION: Final = re.compile(r"v(\d+)\.(\d+)\.\d+")
_OLDEST: Final = (3, 17)
_FIRST_UNKNOWN: Final = (5, 0)
_ADVICE: Final = "Use --debug flag"
_LONGEST_COMPLAINT: Final = 600
_LIMITS: Final = ProcessLimits(memory_bytes=1536 << 20, cpu_seconds=20, file_bytes=8 << 20)
"""Go reserves address space generously: below 1 GiB, helm doesn't start."""


@dataclass(frozen=True, slots=True)
class HelmProgram:
    """The helm to use: a path, or a name on PATH. At most two run at once in this process, each for `seconds`."""

    named: str = "helm"
    seconds: float = 30.0
    limits: ProcessLimits = field(default=_LIMITS)

    @property
    def is_named(self) -> bool:
        """Whether somebody chose it, by another name than that of any Helm."""
        return self.named != "helm"

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

    def run(
        self,
        work: Path,
        arguments: Sequence[str],
        folder: Path | None = None,
        readable: Sequence[Path] = (),
        hide: Callable[[str], str] = str,
    ) -> bytes:
        """What it prints, started in a folder, by default `work`: there it may write, and read what is `readable`, too.

        `hide` takes out of its reasons what nobody should see.

        Raises
        ------
        NotFoundError     there is none
        NotAllowedError   this machine can't sandbox a process
        InputError        it refuses, for the reason that it gives, or needs more than it may have
        """
        program = ConfinedProgram(self.path(), "helm", SETTING, self.limits, self.seconds)
        try:
            return program.run(work, arguments, folder, readable)
        except RefusedError as error:
            raise InputError(f"helm refuses it: {_said(hide(str(error)))}") from None


def _said(complaint: str) -> str:
    """Helm's own words, without its warnings and advice; of a long chain of calls both ends."""
    words = complaint[complaint.rfind("Error: ") :].removeprefix("Error: ").partition(_ADVICE)[0]
    text = " ".join(words.split())
    return text if len(text) <= _LONGEST_COMPLAINT else f"{text[:200]} … {text[200 - _LONGEST_COMPLAINT :]}"
