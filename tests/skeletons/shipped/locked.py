"""What the uv.lock of a baked service pins, installed with the Python of the tests: its own may be a newer one."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.skeletons.shipped.world import run
from tests.tools.venv import venv

_EXPORT = ["export", "--frozen", "--no-config", "--no-header", "--no-annotate", "--quiet"]


def installed(service: Path, work: Path, *options: str) -> Path:
    """The programs that a lock pins: all of them, or without those of developers (`--no-dev`)."""
    lock = work / f"locked{''.join(options)}.txt"
    run([sys.executable, "-m", "uv", *_EXPORT, *options, "--output-file", lock], service)
    return venv(lock) / "bin"
