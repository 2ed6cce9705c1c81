"""promtool, which checks and tests rules of Prometheus: from Debian's package, unpacked without being installed."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.tools.cache import keep

_PROGRAM = "usr/bin/promtool"


def promtool() -> Path:
    """The program, downloaded on the first use.

    Raises
    ------
    RuntimeError   it can't be downloaded; the message has the command to try
    """
    return keep("promtool", _install) / "promtool"


def _install(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="prometheus-") as work:
        command = "apt-get download prometheus && dpkg-deb -x prometheus_*.deb ."
        done = subprocess.run(["sh", "-ec", command], cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"promtool could not be downloaded (is this a Debian, and has `apt-get update` run?):\n{done.stderr}\n"
                f"To try it yourself in an empty folder: {command}"
            )
        (Path(work) / _PROGRAM).rename(folder / "promtool")
