"""Repositories on disk with real git, and the installed command as a process."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.tools.forks import Forks

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
    """`scenedock catalog export` as a process of its own; whatever happens, it never prints a traceback.

    With an environment, which Python itself might read, it is a new process; otherwise a fork.
    """
    command = ["catalog", "export", *map(str, arguments)]
    if environment is None:
        done = _scenedock().run(command, cwd=cwd)
    else:
        done = subprocess.run(
            [COMMAND, *command],
            capture_output=True,
            check=False,
            cwd=cwd,
            encoding="utf-8",
            env={**ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
    assert "Traceback" not in done.stderr
    return done


@cache
def _scenedock() -> Forks:
    modules = ["scenedock.doors.cli.export", "scenedock.usecases.catalog.publish_catalog"]
    return Forks("scenedock.doors.cli:main", ENVIRONMENT, modules=modules)
