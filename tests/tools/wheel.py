"""The package as people get it: a wheel of this checkout, and an environment outside of it that has it installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.tools.venv import venv

_ROOT = Path(__file__).parents[2]
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def build_wheel(folder: Path, source: Path = _ROOT) -> Path:
    """The wheel of a checkout, built with what requirements/build.txt pins, in a folder without one."""
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([*_PIP, "wheel", *options, str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_wheel(wheel: Path, environment: Path) -> None:
    """Install a wheel into a new environment, as pip does it: Python files are compiled.

    The libraries are those of an environment that all runs share, made for each state of requirements/runtime.txt.
    """
    uv = [sys.executable, "-m", "uv", "--quiet", "venv", "--no-project", "--python", sys.executable]
    subprocess.run([*uv, str(environment)], check=True)
    lend_libraries(environment)
    python = environment / "bin" / "python"
    subprocess.run([*_PIP, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], check=True)


def lend_libraries(environment: Path) -> None:
    """Have an environment find the product's libraries where all runs share them."""
    libraries = _packages_of(venv(_ROOT / "requirements" / "runtime.txt"))
    (_packages_of(environment) / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")


def _packages_of(environment: Path) -> Path:
    place = {"base": str(environment), "platbase": str(environment)}
    return Path(sysconfig.get_path("purelib", "venv", place))
