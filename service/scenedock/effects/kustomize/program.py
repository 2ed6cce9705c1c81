"""The Kustomize of this machine, in kubectl or by itself, run in a sandbox."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from scenedock.effects.local.confined_program import ConfinedProgram, RefusedError
from scenedock.effects.local.confinement import ProcessLimits
from scenedock.errors import InputError, NotFoundError
from scenedock.structs import dataclass, field

SETTING: Final = "SCENEDOCK_KUSTOMIZE"
_PROGRAMS: Final = ("kustomize", "kubectl")
_LONGEST_COMPLAINT: Final = 600
_LIMITS: Final = ProcessLimits(memory_bytes=1536 << 20, cpu_seconds=20, file_bytes=8 << 20)


@dataclass(frozen=True, slots=True)
class KustomizeProgram:
    """The program to use: kustomize or kubectl, a path or a name on PATH; if it isn't `named`, what is on PATH."""

    named: str = ""
    seconds: float = 30.0
    limits: ProcessLimits = field(default=_LIMITS)

    def path(self) -> str:
        """Where it is.

        Raises
        ------
        NotFoundError   there is none
        """
        found = next(filter(None, map(shutil.which, [self.named] if self.named else _PROGRAMS)), None)
        if found is None:
            said = f"no {self.named!r}" if self.named else "neither kustomize nor kubectl"
            raise NotFoundError(
                f"there is {said} to build kustomizations with: install one, or set {SETTING} to its path"
            )
        return os.path.realpath(found)

    def build(self, work: Path, folder: Path, readable: Path) -> bytes:
        """What it makes of a folder; below `work` it may write, and read what is `readable`, too.

        Raises
        ------
        NotFoundError     there is none
        NotAllowedError   this machine can't sandbox a process
        InputError        it refuses, for the reason that it gives, or needs more than it may have
        """
        path = self.path()
        program = ConfinedProgram(path, "kustomize", SETTING, self.limits, self.seconds)
        command = "kustomize" if os.path.basename(path).startswith("kubectl") else "build"  # noqa: PTH119
        arguments = [command, "--load-restrictor=LoadRestrictionsNone", str(folder)]
        try:
            return program.run(work, arguments, readable=[readable])
        except RefusedError as error:
            text = " ".join(str(error).removeprefix("error: ").replace(f"{readable}/", "").split())
            cut = text if len(text) <= _LONGEST_COMPLAINT else f"{text[:200]} … {text[200 - _LONGEST_COMPLAINT :]}"
            raise InputError(f"kustomize refuses it: {cut}") from None
