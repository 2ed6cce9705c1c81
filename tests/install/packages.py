"""What `scripts/build` makes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = "https://github.example/acme/scenedock"


def tracked_files() -> list[Path]:
    """The files of the checkout that git knows, as they are here."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for path in (ROOT / name for name in listed.split("\0") if name) if path.exists() or path.is_symlink()]


def build(checkout: Path, folder: Path, *, umask: int = -1, **variables: str) -> Path:
    """Fill a folder with the source distribution and the wheel of a checkout, which is the address `SOURCE`."""
    environment = {**os.environ, "SOURCE_URL": SOURCE, **variables}
    done = subprocess.run(
        [checkout / "scripts" / "build", folder],
        env=environment,
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
