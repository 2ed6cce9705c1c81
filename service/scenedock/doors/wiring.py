"""Where effects are built: here for every door, in `service_wiring` for the service."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenedock.effects.repositories import RepositoryFolder

if TYPE_CHECKING:
    from scenedock.actions.effects import Effects


def open_repository(path: str) -> RepositoryFolder:
    """A repository on disk; nothing is read yet."""
    return RepositoryFolder(Path(path))


def open_effects(repositories: Sequence[str]) -> Effects:
    """What actions need, for repositories by their paths.

    Raises
    ------
    InputError   a repository is named twice
    """
    from scenedock.actions.effects import Effects
    from scenedock.usecases.export_catalog import name_repositories

    paths = [(path, os.path.abspath(path)) for path in repositories]  # noqa: PTH100 - it resolves no links
    return Effects(repositories={name: open_repository(path) for name, path in name_repositories(paths).items()})
