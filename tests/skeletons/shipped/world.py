"""The environment of a baked skeleton: it is baked, and other programs check it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

SKELETONS = Path(__file__).parents[3] / "cookiecutters"
LOCKS = Path(__file__).parent


def bake(skeleton: str, output: Path, answers: Mapping[str, str] | None = None) -> Path:
    """Bake a shipped skeleton with the `cookiecutter` CLI; the folder in `output` that it made."""
    before = set(output.iterdir())
    pairs = [f"{name}={value}" for name, value in (answers or {}).items()]
    run(
        [sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", output, SKELETONS / skeleton, *pairs],
        output,
    )
    (made,) = set(output.iterdir()) - before
    return made


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run a program in a folder, with an empty home; what it says.

    Raises
    ------
    AssertionError   it says that something is wrong; the message has its output
    """
    done = attempt(command, folder)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def attempt(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, with an empty home, whatever comes of it."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8", "NO_COLOR": "1"}
        return subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
