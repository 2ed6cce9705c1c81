"""Build the catalog feed of the service's repositories beside what is remembered of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from math import inf

from scenedock.catalog.comparing.memory import CatalogMemory, path_of
from scenedock.catalog.emitting.feed import make_feed
from scenedock.catalog.emitting.service_links import with_service_links
from scenedock.catalog.refreshing.alone import CatalogIndex
from scenedock.effects.facts.table import NOTHING, FactsTable, OpenFacts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.local.catalog_file import CatalogFile
from scenedock.errors import InputError
from scenedock.model.entity import EntityRef
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import replace
from scenedock.usecases.catalog.catalog_record import read_feed, read_head, read_memory, write_record
from scenedock.usecases.catalog.export_catalog import Export, map_catalog
from scenedock.usecases.catalog.keep_catalog import KeptExport, keep_catalog
from scenedock.usecases.catalog.known_facts import FactsOfRun
from scenedock.usecases.catalog.read_served import read_served
from scenedock.usecases.catalog.refreshing.kept_facts import (
    MadeOfFacts,
    keep_facts,
    known_before,
    known_proofs,
    known_wanted,
)
from scenedock.usecases.catalog.refreshing.patching import edit_catalog, patch_catalog, still_makes
from scenedock.usecases.catalog.watching import BuiltFeed, CatalogEdit, Watch, signature_of

ACCEPT = "`scenedock catalog accept {repository}`"
"""How somebody allows what vanishes from the feed."""


def build_feed(
    repositories: Mapping[str, ServedRepository],
    last: KeptCatalog | None,
    watch: Watch,
    table: FactsTable | None = None,
) -> BuiltFeed:
    """The feed as of now, with what of the last one must stay.

    The facts in the `table` are not read again; without one, all are read.

    A repository that can't be read costs only itself, if it, or any other, is remembered: without a memory, a catalog
    that lacks it may be less than Backstage has.

    Raises
    ------
    InputError   a repository can't be read, and nothing is remembered
    """
    if last and table and _is_said_alike(last.head, watch):
        same = last if still_makes(table, repositories, last.digest) else None
        if made := same or patch_catalog(table, repositories, last, watch.links):
            with table.opened() as known:
                return BuiltFeed(made, wanted=known_wanted(known))
    with table.opened() if table else nullcontext(NOTHING) as known:
        return _build(repositories, last, watch, table, known)


def _build(
    repositories: Mapping[str, ServedRepository],
    last: KeptCatalog | None,
    watch: Watch,
    table: FactsTable | None,
    known: OpenFacts,
) -> BuiltFeed:
    version, proofs = known.version, known_proofs(known)
    memory = read_memory(last) if last else CatalogMemory()
    facts = FactsOfRun(known_before(known, tuple(repositories))) if table else None
    with read_served(repositories, facts) as (whole, _opened):
        read = whole.by_faces() if table else whole
        if read.problems and not memory.entities:
            raise InputError("; ".join(read.problems.values()))
        export = map_catalog(read, names=memory.names, elsewhere=watch.elsewhere)
        made = _kept(export, memory, repositories, watch)
    reasons = [each for each in made.kept.reasons if each.repository not in watch.stale]
    findings = [
        each
        for each in made.findings
        if each.code != "repository-unreadable" or each.place.repository not in watch.stale
    ]
    before = read_feed(last) if last and proofs else None
    before = replace(before, proofs=proofs) if before else None
    entities, of_links = with_service_links(made.entities, _services(made), watch.links)
    feed = make_feed(entities, [*findings, *of_links], reasons, made.export.coverage, before)
    listed = tuple(dict.fromkeys([*repositories, *made.kept.verdicts]))
    record = write_record(feed, made.kept.memory, listed, _texts(watch.elsewhere), str(watch.links))
    wanted = made.export.depending_on_others
    if table and facts:
        is_all = facts.complete and not watch.stale and _would_be_the_same(made, record, memory)
        result = record.digest if is_all else ""
        mapped = made.export.mapped
        index = CatalogIndex.of(made.export.repositories, mapped) if mapped and result else None
        services = [each.service for each in mapped.services] if mapped else []
        keep_facts(table, MadeOfFacts(facts, result, wanted, feed.proofs, index, services), version)
    return BuiltFeed(record, made.kept.wait, wanted)


def _kept(
    export: Export, memory: CatalogMemory, repositories: Mapping[str, ServedRepository], watch: Watch
) -> KeptExport:
    """The export beside what is remembered, while its repositories are open: they tell why something is gone."""
    unchanged = {name: _unchanged(repository, watch.same.get(name)) for name, repository in repositories.items()}
    known = _without_others(memory, export)
    return keep_catalog(export, known, unchanged=unchanged, problems=watch.stale, allow=ACCEPT)


def edit_of_last(
    repositories: Mapping[str, ServedRepository],
    last: tuple[str, str],
    watch: Watch,
    table: FactsTable,
    file: CatalogFile | None,
) -> CatalogEdit | None:
    """What makes the catalog of now of the last one, which has this head and digest; None where it must be built.

    Without a `file` that has the last one, it must be as soon as anything is to be replaced.
    """
    head, digest = last
    if not _is_said_alike(head, watch):
        return None
    return edit_catalog(table, repositories, digest, file.data if file else bytes, watch.links)


def _is_said_alike(head: str, watch: Watch) -> bool:
    """Whether what is known besides the files is as it was for the last catalog."""
    last = read_head(KeptCatalog(head, "", ""))
    return not watch.stale and (last.elsewhere, last.links) == (_texts(watch.elsewhere), str(watch.links))


def _would_be_the_same(made: KeptExport, record: KeptCatalog, memory: CatalogMemory) -> bool:
    """Whether the same files, beside this catalog, make it again: nothing in it is due to the memory before."""
    kept = made.kept
    is_due_to_the_last = kept.reasons or kept.findings or kept.wait is not None or read_head(record).accepted
    return not is_due_to_the_last and kept.memory.names == memory.names


def _services(made: KeptExport) -> dict[EntityRef, str]:
    """The names of the services, under which their pages are, by their Components; a kept one has that of its own."""
    mapped = made.export.mapped.services if made.export.mapped else ()
    by_component = {entity.ref: each.service.name for each in mapped for entity in each.entities}
    return {
        entity.ref: by_component.get(entity.ref, entity.name)
        for entity in made.entities
        if entity.kind == "Component" and (entity.ref in by_component or path_of(entity) is not None)
    }


def _texts(elsewhere: Collection[EntityRef]) -> tuple[str, ...]:
    return tuple(sorted(map(str, elsewhere)))


def _without_others(memory: CatalogMemory, export: Export) -> CatalogMemory:
    """The memory without what Backstage has from elsewhere: it never took ours, so nothing vanishes there."""
    others = {entity.ref for entity in export.mapped.elsewhere} if export.mapped else set()
    return replace(memory, entities=tuple(each for each in memory.entities if each.ref not in others))


def _unchanged(repository: ServedRepository, same: tuple[str, float] | None) -> float:
    """For how many seconds the files, which have just been read, are the same; one without a signature is a commit."""
    if same is None:
        return inf
    signature, seconds = same
    return seconds if signature_of(repository) == signature else 0.0
