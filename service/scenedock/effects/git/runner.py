"""The one place that starts git: as a command that ends, or as a process that keeps answering."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from scenedock.errors import TemporaryError

# They would redirect git to another repository; they are set if a git hook runs us.
_GIT_PLACES = frozenset(
    """GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_NAMESPACE""".split()
)


def users_environment() -> Mapping[str, str]:
    """The environment of this process for git, with the user's own configuration."""
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
    return subprocess.Popen(  # noqa: S603 - no shell, and input is validated or follows our own arguments
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - the one on PATH
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment,
        start_new_session=True,
    )


def run_git(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str], seconds: float, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder; after `seconds`, it is ended with all processes that it has started.

    Raises
    ------
    TemporaryError        it took too long
    OSError, ValueError   git isn't installed, or the folder's name can't be an argument
    """
    with start_git(folder, arguments, environment) as process:
        try:
            output, errors = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise TemporaryError(f"git took longer than {seconds:g} s", retry_after=60) from None
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
