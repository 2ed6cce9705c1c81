"""The sources of several commands: repositories, as folders or at a ref, their settings, and known entities."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, overload

import click

from scenedock.effects.git.repositories import name_repositories
from scenedock.errors import InputError
from scenedock.model.addresses import without_credentials
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.effects.git.repositories import Repository
    from scenedock.model.entity import Entity, EntityRef
    from scenedock.usecases.catalog.export_catalog import Export, Phase, Progress

_REPOSITORIES = click.argument("repositories", nargs=-1, required=True, metavar="REPO...")
_REPOSITORIES_OR_HERE = click.argument("repositories", nargs=-1, metavar="[REPO...]")
_OPTIONS = (
    click.option("--ref", metavar="REF", help="Read git repositories at a branch, tag or commit, not their folders."),
    click.option(
        "--catalog-settings",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A scenedock.yaml for all repositories; of their own, locks stay.",
    ),
    click.option(
        "--settings", type=click.Path(path_type=Path), hidden=True, deprecated="It is now called --catalog-settings."
    ),
    click.option(
        "--known",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="File with entities or references that exist elsewhere.",
    ),
)


@dataclass(frozen=True, slots=True)
class Sources:
    """The values of `source_options`."""

    repositories: tuple[str, ...]
    ref: str | None
    settings: Path | None
    known: Path | None

    @property
    def roots(self) -> Mapping[str, Path]:
        """The paths of the repositories by their names.

        Raises
        ------
        InputError   one is an address, or occurs twice
        """
        for typed in self.repositories:
            if "://" in typed:
                address = without_credentials(typed)
                raise InputError(f"{address}: this is an address; clone the repository, and pass its folder")
        paths = [(path, os.path.abspath(path)) for path in self.repositories]  # noqa: PTH100 - it resolves no links
        return {name: Path(path) for name, path in name_repositories(paths).items()}

    @contextmanager
    def opened(self) -> Iterator[Mapping[str, Repository]]:
        """The repositories by their names."""
        from scenedock.runtime.wiring import open_repositories

        with open_repositories(self.roots, self.ref) as repositories, _no_search_for_garbage():
            yield repositories

    def signatures(self) -> Mapping[str, str]:
        """For each repository that is a folder, what changes whenever its files do.

        Raises
        ------
        InputError, NotFoundError   one can't be read
        """
        from scenedock.effects.git.repositories import RepositoryFolder

        if self.ref is not None:
            return {}
        return {name: RepositoryFolder(path).signature() for name, path in self.roots.items()}

    def export(self, until: Phase = "exported", progress: Progress = lambda _done, _total: None) -> Export:
        """The catalog of the repositories."""
        with self.opened() as repositories:
            return self.export_of(repositories, until, progress)

    def export_of(
        self,
        repositories: Mapping[str, Repository],
        until: Phase = "exported",
        progress: Progress = lambda _done, _total: None,
        *,
        keep_documents: bool = False,
        jobs: int | None = 1,
    ) -> Export:
        """The catalog of repositories that are already open; `keep_documents` for a survey of versions after it.

        `jobs` is as in `read_repositories`.
        """
        from scenedock.effects.local.disk import read_file
        from scenedock.usecases.catalog.export_catalog import map_catalog, read_repositories

        settings = None if self.settings is None else (str(self.settings), read_file(self.settings))
        known = self.known_entities()
        read = read_repositories(
            repositories, settings=settings, progress=progress, keep_documents=keep_documents, jobs=jobs
        )
        elsewhere = _not_generated(known) if known else ()
        return map_catalog(read, known={entity.ref for entity in known}, elsewhere=elsewhere, until=until, jobs=jobs)

    def known_entities(self) -> Sequence[Entity]:
        """The entities of the file that `--known` names."""
        if self.known is None:
            return ()
        from scenedock.catalog.reading.entity_files import read_known
        from scenedock.effects.local.disk import read_file

        return read_known(read_file(self.known), label=str(self.known))


def _not_generated(known: Sequence[Entity]) -> Collection[EntityRef]:
    from scenedock.catalog.comparing.origins import not_generated

    return not_generated(known)


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Suspend Python's cyclic garbage collection: an export creates no cycles, and the search costs a fifth of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # keeps existing objects out of later collections
        if enabled:
            gc.enable()
        gc.unfreeze()


@overload
def source_options(command: Callable[..., object]) -> Callable[..., object]: ...


@overload
def source_options(*, here: bool) -> Callable[[Callable[..., object]], Callable[..., object]]: ...


def source_options(command: Callable[..., object] | None = None, *, here: bool = False) -> Callable[..., object]:
    """Add REPO..., --ref, --catalog-settings and --known to a command, which gets them as `sources`.

    With `here`, REPO... is the current folder unless something else is named.
    """
    if command is None:
        return partial(source_options, here=here)

    @wraps(command)
    def with_sources(
        *,
        repositories: tuple[str, ...],
        ref: str | None,
        catalog_settings: Path | None,
        settings: Path | None,
        known: Path | None,
        **others: object,
    ) -> object:
        return command(sources=Sources(repositories or (".",), ref, catalog_settings or settings, known), **others)

    for option in reversed((_REPOSITORIES_OR_HERE if here else _REPOSITORIES, *_OPTIONS)):
        option(with_sources)
    return with_sources
