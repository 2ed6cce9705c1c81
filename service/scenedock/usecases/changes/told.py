"""What the text of a change says besides the change: where to see what is new, and who depends on what breaks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter

from scenedock.catalog.vocabulary.relations import references_of
from scenedock.changes.comparisons import of_commits, of_source
from scenedock.changes.planned import VersionChange
from scenedock.changes.steps import is_breaking
from scenedock.changes.text import Dependent, Told
from scenedock.effects.git.commands import is_ancestor
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import as_text
from scenedock.releases.history import VersionHistory
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.releases.follow_versions import Extent, follow

_HISTORY = Extent(between=False, authors=False, seconds=3.0)
_DEPENDING = frozenset({"dependsOn", "consumesApis"})


def told_of(ground: Ground, changes: Sequence[VersionChange]) -> Told:
    """Comparisons of the changed services, and the dependents of those whose major version changes."""
    services = {each.key[1]: each for each in reversed(changes) if each.asked}
    breaking = dict.fromkeys(each.key[1] for each in changes if is_breaking(each.old, each.new))
    return Told(
        {service: link for service, each in services.items() if (link := _comparison(ground, each))},
        {service: found for service in breaking if (found := dependents_of(ground, service))},
    )


def dependents_of(ground: Ground, service: str) -> tuple[Dependent, ...]:
    """Who depends on a service or its APIs, as the catalog's edges say, with the owners."""
    mapped = ground.result.mapped
    own = next((each for each in mapped.services if each.service.name == service), None) if mapped else None
    if mapped is None or own is None:
        return ()
    refs = {entity.ref for entity in own.entities}
    wanted = refs | set(_references(own.main, {"providesApis"}))
    found = {each.ref: each for each in mapped.entities if not wanted.isdisjoint(_references(each, _DEPENDING))}
    said = set(_references(own.main, {"dependencyOf"}))
    found |= {each.ref: each for each in mapped.entities if each.ref in said}
    return tuple(
        Dependent(ref.short, as_text(each.spec.get("owner")) or "no owner")
        for ref, each in sorted(found.items(), key=itemgetter(0))
        if ref not in refs
    )


def _references(entity: Entity, fields: Collection[str]) -> Iterator[EntityRef]:
    return (each.ref for each in references_of(entity.document) if each.path[1] in fields and not each.fault)


def _comparison(ground: Ground, change: VersionChange) -> str:
    """Of the source code where that is proven; else of the commits of the repository that brought both versions."""
    pair = ground.pairs[change.key]
    settings = pair.member.contents.settings
    sources = {address for folder in pair.member.folders if folder.chart for address in folder.chart.sources}
    own = ground.releases[change.key]
    link = of_source(sources, settings.hosts, settings.versions.tags, change.old, change.new)
    if link and not own.chart:  # the source code has no tags of a chart from elsewhere
        return link
    repository = change.key[0]
    of_service = [each for each in ground.by_service[own.service] if each.repository == repository]
    there = [each for each in of_service if each.version == change.new]
    if not there:
        return ""
    found = follow(ground.survey, ground.repositories, [own, there[0]], _HISTORY)
    commits = [_commit(found.get(each.key)) for each in (own, there[0])]
    root, _ = ground.repositories[repository].history_root()
    if not all(commits) or not is_ancestor(root, *commits):
        return ""
    return of_commits(pair.member.contents.facts, *commits)


def _commit(history: VersionHistory | None) -> str:
    newest = history.newest if history else None
    return newest.commit.id if newest and newest.commit else ""
