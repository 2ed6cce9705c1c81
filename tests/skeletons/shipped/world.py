"""The environment of a baked skeleton: it is baked, and other programs check it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cookiecutter.main import cookiecutter

SKELETONS = Path(__file__).parents[3] / "cookiecutters"
LOCKS = Path(__file__).parent


def bake(skeleton: str, output: Path, answers: Mapping[str, Any] | None = None) -> Path:
    """Bake a shipped skeleton with cookiecutter; the folder in `output` that it made."""
    with tempfile.TemporaryDirectory() as home:
        config = Path(home) / "config.yaml"
        config.write_text(f"{{cookiecutters_dir: {home}, replay_dir: {home}}}", encoding="utf-8")
        made = cookiecutter(
            str(SKELETONS / skeleton),
            no_input=True,
            extra_context=dict(answers or {}),
            output_dir=str(output),
            config_file=str(config),
        )
    return Path(made)


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
