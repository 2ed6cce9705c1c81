"""Virtual environments for the tools of the tests, apart from ours: what they need need not fit what we need."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.tools.cache import keep

_DOCS = Path(__file__).parents[2] / "docs" / "requirements.txt"


def mkdocs_folder() -> Path:
    """The folder of the `mkdocs` that TechDocs' generator runs, with its plugin.

    Raises
    ------
    RuntimeError   the packages can't be fetched; the message has the command to try
    """
    return venv(_DOCS) / "bin"


def venv(lock: Path) -> Path:
    """A virtual environment that holds what a requirements file pins by hash, made on the first use.

    Raises
    ------
    RuntimeError   the packages can't be fetched; the message has the command to try
    """
    interpreter = f"{sys.implementation.cache_tag} {sys.base_prefix}\n".encode()
    name = f"venv-{hashlib.sha256(interpreter + lock.read_bytes()).hexdigest()[:16]}"
    return keep(name, lambda folder: _install(lock, folder))


def _install(lock: Path, folder: Path) -> None:
    uv = [sys.executable, "-m", "uv", "--quiet"]
    options = ["--python", str(folder), "--require-hashes", "--requirement", str(lock)]
    for command in (
        # Relocatable: its scripts must find their interpreter after all of it was put in its place.
        [*uv, "venv", "--no-project", "--relocatable", "--allow-existing", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", *options],
    ):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"{lock} could not be installed (can you reach the Python package index?):\n{done.stderr}\n"
                f"To try it yourself: {' '.join(command)}"
            )
