"""The process that becomes helm: `python -m scenedock.effects.helm.confined_child FOLDER LIMITS PROGRAM ARGUMENT…`.

It limits its resources, ends with its parent, and shuts itself in: from then on there are its FOLDER, the PROGRAM and
the system's libraries.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

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
_PR_SET_PDEATHSIG = 1


def main(folder: str, limits: str, program: str, *arguments: str) -> int:
    """Become the program; returns only if that is impossible."""
    limit_resources(ProcessLimits(**json.loads(limits)))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        shut_in(Path(folder), (*LIBRARIES, program))
    except ConfinementError as error:
        sys.stderr.write(str(error))
        return NOT_CONFINED
    try:
        os.execve(program, [program, *arguments], os.environ)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.stderr.write(str(error.strerror))
        return NOT_STARTED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
