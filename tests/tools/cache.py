"""Folders that tools are installed into once for all test runs of a user."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def keep(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name in the user's cache, filled by `make` on the first use.

    It is whole where it exists: `make` gets an empty folder, which is renamed when it is done. Processes that want the
    same one at the same time wait for the first.
    """
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scenedock" / name
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (kept.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_dir():
            with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=kept.parent) as work:
                made = Path(work) / "made"
                made.mkdir()
                make(made)
                made.rename(kept)
    return kept
