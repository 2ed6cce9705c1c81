"""What a skeleton makes, to be compared with what has arrived elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.company import SCENEDOCK

PROVENANCE = ".scenedock/skeleton.yaml"


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


def comparable(files: Mapping[str, tuple[str, bytes]]) -> dict[str, tuple[str, Any]]:
    """Files of projects whose answers were given or computed: a form gives some that the command line computes."""
    return {path: (mode, _joined(data) if path.endswith(PROVENANCE) else data) for path, (mode, data) in files.items()}


def _joined(provenance: bytes) -> dict[str, Any]:
    """What a project was baked from, with all that was answered or computed."""
    document = yaml.safe_load(provenance)
    computed = document.pop("computed", {})  # a folder of release 0.1 has only answers
    return {**document, "answers": document["answers"] | computed}
