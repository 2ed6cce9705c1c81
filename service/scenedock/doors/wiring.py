"""The one place where effects are built."""

from __future__ import annotations

from pathlib import Path

from scenedock.effects.repositories import RepositoryFolder


def open_repository(path: str) -> RepositoryFolder:
    """A repository on disk; nothing is read yet."""
    return RepositoryFolder(Path(path))
