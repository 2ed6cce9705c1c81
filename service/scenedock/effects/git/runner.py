"""Where git is started, whoever asks it for what: as a command that ends, or as a process that answers on and on."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from scenedock.errors import TemporaryError

# Where git would look instead of where it is told to; a hook that runs us has them set.
_GIT_PLACES = frozenset(
    """GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_NAMESPACE""".split()
)


def users_environment() -> Mapping[str, str]:
    """The environment of this process, as git shall see it: with the user's own configuration."""
    kept = {name: value for name, value in os.environ.items() if name not in _GIT_PLACES}
    return {**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def start_git(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str], *, errors: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start git in a folder, or in a bare repository, in a process group of its own.

    Raises
    ------
    OSError, ValueError   git isn't installed, or the folder's name can't be an argument
    """
    return subprocess.Popen(  # noqa: S603 - no shell, and what others give is checked or stands behind our words
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - the one on PATH
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment,
        start_new_session=True,
    )


def run_git(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str], seconds: float, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder; what takes longer than so many seconds is ended, with all that it has started.

    Raises
    ------
    TemporaryError        it took too long
    OSError, ValueError   git isn't installed, or the folder's name can't be an argument
    """
    with start_git(folder, arguments, environment) as process:
        try:
            output, errors = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise TemporaryError(f"git took longer than {seconds:g} s", retry_after=60) from None
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
