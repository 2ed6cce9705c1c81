"""Phase five, `exported`: what Backstage already has from elsewhere is not emitted again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.mapping.entities import Mapped
from scenedock.catalog.vocabulary.relations import RELATION_FIELDS, references_of
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Place
from scenedock.model.json import as_list
from scenedock.structs import replace

_NAMED = 5
_OTHER_END = "dependencyOf"


def leave_out_existing(
    mapped: Mapped, elsewhere: Collection[EntityRef], repositories: Sequence[RepositoryContents]
) -> Mapped:
    """The same without the entities that come from `elsewhere`, where the settings of their repository say so.

    References to them stay as they are: they lead to the others. What one of them depends on says so itself.
    """
    if not elsewhere:
        return mapped
    here = leaving_out(repositories)
    out = tuple(each for each in mapped.entities if each.ref in elsewhere and each.place.repository in here)
    if not out:
        return mapped
    refs = frozenset(each.ref for each in out)
    dependents: dict[EntityRef, set[EntityRef]] = defaultdict(set)
    for entity in out:
        for reference in references_of(entity.document):
            if reference.path[1] == "dependsOn" and not reference.fault:
                dependents[reference.ref].add(entity.ref)
    services = tuple(
        replace(
            each,
            entities=tuple(_with_dependents(entity, dependents) for entity in each.entities),
            elsewhere=refs.intersection(entity.ref for entity in each.entities),
        )
        for each in mapped.services
    )
    shared = tuple(_with_dependents(each, dependents) for each in mapped.shared if each.ref not in refs)
    findings = (*mapped.findings, *_counted(out))
    return replace(mapped, services=services, shared=shared, findings=findings, elsewhere=out)


def leaving_out(repositories: Sequence[RepositoryContents]) -> set[str]:
    """The names of the repositories whose settings leave out what exists elsewhere."""
    return {each.facts.name for each in repositories if each.settings.leave_out_existing}


def _with_dependents(entity: Entity, dependents: Mapping[EntityRef, Collection[EntityRef]]) -> Entity:
    """The entity with those that depend on it and can't say so themselves, if its kind has a field for them."""
    if entity.ref not in dependents or _OTHER_END not in RELATION_FIELDS.get(entity.kind, {}):
        return entity
    written = {ref.written("", entity.namespace) for ref in dependents[entity.ref]}
    written |= set(map(str, as_list(entity.spec.get(_OTHER_END))))
    return replace(entity, document={**entity.document, "spec": {**entity.spec, _OTHER_END: sorted(written)}})


def _counted(out: Sequence[Entity]) -> Iterator[Finding]:
    """One finding for each repository."""
    for repository in sorted({each.place.repository for each in out}):
        names = sorted(each.ref.short for each in out if each.place.repository == repository)
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        what = "1 entity is" if len(names) == 1 else f"{len(names):,} entities are"
        message = (
            f"{what} left out, because the catalog already has them from elsewhere: {', '.join(names[:_NAMED])}{more}"
        )
        remedy = (
            "`scenedock catalog adopt` prints what they lack; to emit ours instead, unregister them, or set "
            "`existing: ours` in scenedock.yaml."
        )
        yield Finding("info", "exists-elsewhere", message, Place(repository), remedy)
