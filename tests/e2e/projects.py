"""What a skeleton makes, to be compared with what has arrived elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.company import SCENEDOCK


def baked(folder: Path, skeleton: str, answers: Mapping[str, object]) -> Path:
    """A project made on the command line, which has a boolean answer as `true` or `false`."""
    words = [f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in answers.items()]
    command = [SCENEDOCK, "skeletons", "bake", skeleton, "--output", str(folder), *words]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


def contents(folder: Path, below: str = "") -> dict[str, tuple[str, bytes]]:
    """The mode, as git has it, and the bytes of each file by its path, with `below` before it."""
    return {
        f"{below}{path.relative_to(folder)}": ("100755" if path.stat().st_mode & 0o100 else "100644", path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
