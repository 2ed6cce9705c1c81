"""Read the repositories of a service as they are now: what one of them says wrong costs only itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.errors import InputError, ScenedockError
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import replace
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.catalog.export_catalog import Export, ReadRepositories, map_catalog, read_repositories
from scenedock.usecases.catalog.known_facts import FactsOfRun


@contextmanager
def opened_served(
    repositories: Mapping[str, ServedRepository],
) -> Iterator[tuple[Mapping[str, Repository], Mapping[str, str]]]:
    """The repositories that can be opened, and of the others why not."""
    problems: dict[str, str] = {}
    with ExitStack() as stack:
        opened: dict[str, Repository] = {}
        for name, repository in repositories.items():
            try:
                opened[name] = stack.enter_context(repository.opened())
            except ScenedockError as error:
                problems[name] = str(error)
        yield opened, problems


@contextmanager
def read_served(
    repositories: Mapping[str, ServedRepository], facts: FactsOfRun | None = None, *, keep_documents: bool = False
) -> Iterator[tuple[ReadRepositories, Mapping[str, Repository]]]:
    """What was read, with the problem of each repository that can't be, and the others, which are open here."""
    with opened_served(repositories) as (opened, problems):
        read = read_repositories(opened, tolerate=True, facts=facts, keep_documents=keep_documents)
        yield replace(read, problems={**problems, **read.problems}), opened


@contextmanager
def export_served(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None
) -> Iterator[tuple[Export, Mapping[str, Repository]]]:
    """The catalog with the names that the feed has, those that a `kept` one gave, and documents that tell versions.

    Raises
    ------
    InputError   no repository can be read
    """
    with read_served(repositories, keep_documents=True) as (read, opened):
        if read.problems and not read.contents:
            raise InputError("; ".join(read.problems.values()))
        yield map_catalog(read, names=read_memory(kept).names if kept else {}), opened
