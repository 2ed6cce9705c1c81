"""Which entity needs which: the relations between the entities of an overview, for the graph and a service's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scenedock.model.entity import Entity, EntityRef
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.usecases.releases.overview import Overview

_FORWARD: Final = {"dependsOn": "depends on", "consumesApis": "consumes", "subcomponentOf": "is part of"}
_BACKWARD: Final = {"dependencyOf": "depends on", "providesApis": "is provided by"}


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """One entity needs another: a Component depends on a Resource or consumes an API, which a Component provides."""

    source: EntityRef
    target: EntityRef
    said: str


@dataclass(frozen=True, slots=True)
class Relations:
    """All relations, sorted, by their sources and by their targets; `services` are names of services, by entity."""

    by_source: Mapping[EntityRef, Sequence[Relation]]
    by_target: Mapping[EntityRef, Sequence[Relation]]
    services: Mapping[EntityRef, str]

    def of(self, ref: EntityRef) -> Sequence[Relation]:
        """The relations that an entity has in either direction."""
        return [*self.by_source.get(ref, ()), *self.by_target.get(ref, ())]

    def near(self, ref: EntityRef, depth: int) -> set[Relation]:
        """The relations of an entity, and those of its neighbours up to a distance."""
        found: set[Relation] = set()
        reached, edge = {ref}, [ref]
        for _ in range(depth):
            new = [relation for each in edge for relation in self.of(each)]
            found.update(new)
            edge = list({end for each in new for end in (each.source, each.target)} - reached)
            reached.update(edge)
        return found


@lru_cache(maxsize=1)
def relations_of(overview: Overview) -> Relations:
    """The relations between all entities of an overview."""
    services: dict[EntityRef, str] = {}
    by_source: dict[EntityRef, list[Relation]] = defaultdict(list)
    by_target: dict[EntityRef, list[Relation]] = defaultdict(list)
    for service in overview.services:
        services[service.main.ref] = service.name
    entities = {entity.ref: entity for service in overview.services for entity in service.entities}
    for relation in sorted({each for entity in entities.values() for each in _relations(entity)}):
        by_source[relation.source].append(relation)
        by_target[relation.target].append(relation)
    return Relations(by_source, by_target, services)


def _relations(entity: Entity) -> Iterator[Relation]:
    from scenedock.catalog.vocabulary.relations import references_of

    for reference in references_of(entity.document):
        field = str(reference.path[1])
        if reference.fault or field not in {*_FORWARD, *_BACKWARD} or reference.ref == entity.ref:
            continue
        if field in _FORWARD:
            yield Relation(entity.ref, reference.ref, _FORWARD[field])
        else:
            yield Relation(reference.ref, entity.ref, _BACKWARD[field])
