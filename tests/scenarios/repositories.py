"""Repositories on disk with real git, and the installed command as a process."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tests.tools.command import run_scenedock

COMMAND = Path(sysconfig.get_path("scripts"), "scenedock")
# Nobody's own settings of git may decide a test.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}

BILLING: Mapping[str, str] = {
    "billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\ndescription: Invoices\n",
    "billing/values.yaml": "service: {port: 80}\n",
    "billing/values-qa.yaml": "replicas: 1\n",
    "CODEOWNERS": "* @acme/payments\n",
}


def plant(root: Path, files: Mapping[str, str] = BILLING) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def clone(root: Path, remote: str = "", files: Mapping[str, str] = BILLING) -> Path:
    """A git repository with one commit on `main`, and a remote `origin` unless that is empty."""
    plant(root, files)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "-c", "user.name=Jane", "-c", "user.email=jane@acme.test", "commit", "--quiet", "--message=First")
    if remote:
        git(root, "remote", "add", "origin", remote)
    return root


def git(root: Path, *arguments: str) -> None:
    """Run git in a folder."""
    subprocess.run(["git", "-C", str(root), *arguments], check=True, env=ENVIRONMENT)


def export(
    *arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`scenedock catalog export` as a process of its own; whatever happens, it never prints a traceback."""
    return scenedock("catalog", "export", *arguments, cwd=cwd, environment=environment)


def scenedock(
    *arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, with more in its environment; it never prints a traceback.

    It is a fork, unless Python itself, or the start of the program, would read what is in the environment.
    """
    command = list(map(str, arguments))
    added = {**ENVIRONMENT, **(environment or {})}
    if all(name.startswith("SCENEDOCK_") for name in environment or ()):
        done = run_scenedock(command, added, cwd)
    else:
        done = subprocess.run(
            [COMMAND, *command],
            capture_output=True,
            check=False,
            cwd=cwd,
            encoding="utf-8",
            env=added,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
    assert "Traceback" not in done.stderr
    return done
