"""Commits of known authors at known times."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.scenarios.repositories import ENVIRONMENT, plant


def git(root: Path, *arguments: str, hour: int = 0, author: str = "Jane <jane@acme.test>") -> None:
    """Run git at an hour of the first of January 2026, as somebody."""
    name, _, address = author.partition(" <")
    who = {"NAME": name, "EMAIL": address.rstrip(">") or "x@acme.test", "DATE": f"2026-01-01T{hour:02}:00:00+0000"}
    identity = {f"GIT_{role}_{key}": text for role in ("AUTHOR", "COMMITTER") for key, text in who.items()}
    subprocess.run(["git", "-C", str(root), *arguments], check=True, env={**ENVIRONMENT, **identity})


def commit(root: Path, hour: int, files: Mapping[str, str], author: str = "Jane <jane@acme.test>") -> None:
    """Commit files at an hour of the first of January 2026."""
    if not root.exists():
        root.mkdir(parents=True)
        git(root, "init", "--quiet", "--initial-branch=main")
    plant(root, files)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=Change", hour=hour, author=author)
