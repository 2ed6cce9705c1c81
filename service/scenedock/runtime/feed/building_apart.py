"""Builds and edits of the feed, each in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.local.apart import ApartLimits, run_apart
from scenedock.effects.local.catalog_file import CatalogFile, CatalogStore
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.usecases.catalog.watching import BuiltFeed, CatalogEdit, Watch

_MOST_SECONDS: Final = 1800.0


def build_apart(
    memory: int, facts: FactsTable, repositories: Mapping[str, ServedRepository], last: KeptCatalog | None, watch: Watch
) -> BuiltFeed:
    """Build the feed in a process of its own, which may have so many bytes of memory.

    What the `facts` have isn't read again.

    Raises
    ------
    InputError, NotFoundError   a repository can't be read
    TemporaryError              the process died, took too long, or needs more memory
    """
    from scenedock.usecases.catalog.build_feed import build_feed

    return run_apart(ApartLimits(_MOST_SECONDS, memory), build_feed, repositories, last, watch, facts)


def edit_apart(
    memory: int,
    facts: FactsTable,
    store: CatalogStore,
    repositories: Mapping[str, ServedRepository],
    last: tuple[str, str],
    watch: Watch,
) -> CatalogEdit | None:
    """`edit_of_last` in a process of its own, which reads the last catalog by itself if that is in a file.

    Raises
    ------
    TemporaryError   as `build_apart` does
    """
    from scenedock.usecases.catalog.build_feed import edit_of_last

    limits = ApartLimits(_MOST_SECONDS, memory)
    file = store if isinstance(store, CatalogFile) else None
    return run_apart(limits, edit_of_last, repositories, last, watch, facts, file)
