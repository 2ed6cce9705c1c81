"""Build the catalog feed of the service's repositories beside what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from math import inf

from scenedock.catalog.comparing.memory import CatalogMemory
from scenedock.catalog.emitting.feed import make_feed
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.errors import InputError, ScenedockError
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.usecases.catalog.catalog_record import read_memory, write_record
from scenedock.usecases.catalog.export_catalog import map_catalog, read_repositories
from scenedock.usecases.catalog.keep_catalog import keep_catalog
from scenedock.usecases.catalog.watching import BuiltFeed, Watch, signature_of

ACCEPT = "`scenedock catalog accept {repository}`"
"""How somebody allows what vanishes from the feed."""


def build_feed(repositories: Mapping[str, ServedRepository], last: KeptCatalog | None, watch: Watch) -> BuiltFeed:
    """The feed as of now, with what of the last one must stay.

    A repository that can't be read costs only itself, if it, or any other, is remembered: without a memory, a catalog
    that lacks it may be less than Backstage has.

    Raises
    ------
    InputError   a repository can't be read, and nothing is remembered
    """
    memory = read_memory(last) if last else CatalogMemory()
    problems: dict[str, str] = {}
    with ExitStack() as stack:
        readable: dict[str, Repository] = {}
        for name, repository in repositories.items():
            try:
                readable[name] = stack.enter_context(repository.opened())
            except ScenedockError as error:
                problems[name] = str(error)
        read = read_repositories(readable, tolerate=True)
    unchanged = {name: _unchanged(repository, watch.same.get(name)) for name, repository in repositories.items()}
    problems |= read.problems
    if problems and not memory.entities:
        raise InputError("; ".join(problems.values()))
    made = keep_catalog(
        map_catalog(read, names=memory.names, elsewhere=watch.elsewhere),
        memory,
        unchanged=unchanged,
        problems={**problems, **watch.stale},
        allow=ACCEPT,
    )
    reasons = [each for each in made.kept.reasons if each.repository not in watch.stale]
    findings = [
        each
        for each in made.findings
        if each.code != "repository-unreadable" or each.place.repository not in watch.stale
    ]
    feed = make_feed(made.entities, findings, reasons, made.export.coverage)
    listed = tuple(dict.fromkeys([*repositories, *made.kept.verdicts]))
    kept = write_record(feed, made.kept.memory, listed, sorted(map(str, watch.elsewhere)))
    return BuiltFeed(kept, made.kept.wait, made.export.depending_on_others)


def _unchanged(repository: ServedRepository, same: tuple[str, float] | None) -> float:
    """For how many seconds the files, which have just been read, are the same; one without a signature is a commit."""
    if same is None:
        return inf
    signature, seconds = same
    return seconds if signature_of(repository) == signature else 0.0
