"""Virtual environments for the tools of the tests, apart from ours: what they need need not fit what we need."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def venv(lock: Path) -> Path:
    """A virtual environment that holds what a requirements file pins by hash, made on the first use.

    It is kept in the user's cache by the file's contents and the Python that runs. Processes that want the same one at
    the same time wait for the first; one that was left half made is made anew.

    Raises
    ------
    RuntimeError   the packages can't be fetched; the message has the command to try
    """
    tag = f"{sys.implementation.cache_tag}\n{sys.base_prefix}\n".encode()
    kept = _cache() / f"venv-{hashlib.sha256(tag + lock.read_bytes()).hexdigest()[:16]}"
    whole = kept / "whole"  # a virtual environment can't be moved, so it can't be made elsewhere and renamed
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not whole.exists():
            _install(lock, kept)
            whole.touch()
    return kept


def _install(lock: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--python", str(kept)]  # ours: to install one in each takes seconds
    for command in (
        [sys.executable, "-m", "venv", "--without-pip", str(kept)],
        [*pip, "install", "--quiet", "--require-hashes", "--requirement", str(lock)],
    ):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"what {lock} pins could not be installed (is the Python package registry in reach?):\n{done.stderr}\n"
                f"To try by hand: {' '.join(command)}"
            )


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scenedock"
