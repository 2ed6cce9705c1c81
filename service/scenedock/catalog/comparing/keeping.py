"""Nothing vanishes by accident: the new catalog, with all of the last good one that must stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from scenedock.catalog.comparing.memory import CatalogMemory, is_main, path_of
from scenedock.catalog.comparing.vanishing import Breaker, Look, Verdict, is_protected
from scenedock.catalog.vocabulary.relations import references_of
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Reason
from scenedock.model.json import Json, as_list
from scenedock.structs import dataclass, replace


@dataclass(frozen=True, slots=True)
class FreshCatalog:
    """What repositories give now: entities, the names of services (as in `CatalogMemory`), and a look at each."""

    entities: Sequence[Entity]
    names: Mapping[str, Mapping[str, str]]
    looks: Mapping[str, Look]


@dataclass(frozen=True, slots=True)
class Kept:
    """The catalog as it is now, to be remembered; what became of each repository; and what there is to say of it."""

    memory: CatalogMemory
    verdicts: Mapping[str, Verdict]
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]

    @property
    def held(self) -> Collection[str]:
        """The repositories whose last good entities stay as they are."""
        return [name for name, verdict in self.verdicts.items() if verdict.hold]

    @property
    def wait(self) -> float | None:
        """The seconds until a second look may decide about one of them; None where nothing waits."""
        return min((each.wait for each in self.verdicts.values() if each.wait is not None), default=None)


def keep_last_good(memory: CatalogMemory, fresh: FreshCatalog, allow: str, *, allowed: bool = False) -> Kept:
    """The new catalog, with all of the last one that would be lost by accident.

    A repository keeps all its entities as they are while it can't be read or isn't listed any more, while too many of
    them would vanish, or while some would and its files may still be changing; and its owners, with the Groups that
    are emitted for them, while too many would become unknown. While one of its folders can't be read, the service of
    that folder stays as it is, and nothing vanishes but with its folder. What was only renamed, or is in another
    repository now, has not vanished.

    `allow` says how to allow it, with `{repository}` for the name. What was accepted is not held, and nothing is if
    all is `allowed`, except what can't be read.
    """
    by_repository: dict[str, list[Entity]] = defaultdict(list)
    for entity in memory.entities:
        by_repository[entity.place.repository].append(entity)
    breaker = Breaker(memory, fresh.entities, allow, allowed=allowed)
    repositories = list(dict.fromkeys([*fresh.looks, *by_repository]))
    verdicts = {each: breaker.decide(each, by_repository[each], fresh.looks.get(each)) for each in repositories}
    unreadable = [_of_folders(name, look) for name, look in fresh.looks.items() if look.unreadable]
    kept = CatalogMemory(
        entities=_entities(memory, fresh, verdicts),
        names=_names(memory, fresh, verdicts),
        refused={name: each.asks_for for name, each in verdicts.items() if each.asks_for},
        accepted={
            name: what
            for name, what in memory.accepted.items()
            if name in verdicts and verdicts[name].hold == "repository-unreadable"
        },
    )
    reasons = (*(each for verdict in verdicts.values() for each in verdict.reasons), *unreadable)
    return Kept(kept, verdicts, tuple(each for verdict in verdicts.values() for each in verdict.findings), reasons)


def _of_folders(repository: str, look: Look) -> Reason:
    count = len(look.unreadable)
    return Reason(repository, "unreadable-folder", f"{count:,} folder{'' if count == 1 else 's'} can't be read")


def _entities(memory: CatalogMemory, fresh: FreshCatalog, verdicts: Mapping[str, Verdict]) -> tuple[Entity, ...]:
    now = {entity.ref: entity for entity in fresh.entities}
    held = {name for name, verdict in verdicts.items() if verdict.hold}
    remembered = {entity.place.repository for entity in memory.entities}
    result = {entity.ref: entity for entity in fresh.entities if entity.place.repository not in held & remembered}
    services = _services_kept(memory, fresh, held)
    staying: dict[EntityRef, Entity] = {}
    for entity in memory.entities:
        repository = entity.place.repository
        if (
            repository in held
            or (is_main(entity) and services.intersection(_called(entity, memory, fresh)))
            or (entity.ref not in now and is_protected(entity, fresh.looks.get(repository)))
            or (entity.ref in now and entity.ref not in result)  # it is in a repository now that is held
        ):
            staying[entity.ref] = entity
    owners_stay = {ref for verdict in verdicts.values() for ref in verdict.owners_stay}
    before = {entity.ref: entity for entity in memory.entities} if staying or owners_stay else {}
    staying |= {ref: before[ref] for ref in _owners_of(owners_stay, before) if ref in before and ref not in result}
    for ref in before.keys() & result.keys() - staying.keys():
        result[ref] = _as_before(result[ref], before[ref], staying, owner=ref in owners_stay)
    return tuple((result | staying).values())


def _owners_of(refs: Collection[EntityRef], entities: Mapping[EntityRef, Entity]) -> set[EntityRef]:
    """The owners of some entities, which may be entities that we emit, too."""
    references = (each for ref in refs for each in references_of(entities[ref].document))
    return {each.ref for each in references if each.path == ("spec", "owner") and not each.fault}


def _services_kept(memory: CatalogMemory, fresh: FreshCatalog, held: Collection[str]) -> set[str]:
    """The names of services that have a folder in a repository that is held, or one that can't be read."""
    names = {name.lower() for repository in held for name in memory.names.get(repository, {}).values()}
    for repository, look in fresh.looks.items():
        for folder in look.unreadable:
            for known in (fresh.names, memory.names):
                if name := known.get(repository, {}).get(folder):
                    names.add(name.lower())
    return names


def _called(entity: Entity, memory: CatalogMemory, fresh: FreshCatalog) -> set[str]:
    """The names of the service of a Component or System: a person may have given the entity another one."""
    repository, path = entity.place.repository, path_of(entity)
    known = (each.get(repository, {}).get(path or "", "") for each in (memory.names, fresh.names))
    return {entity.name.lower(), *(name.lower() for name in known if path is not None and name)}


def _names(
    memory: CatalogMemory, fresh: FreshCatalog, verdicts: Mapping[str, Verdict]
) -> Mapping[str, Mapping[str, str]]:
    """The names of all services of now, and of those that stay."""
    names = {name: dict(each) for name, each in fresh.names.items()}
    for repository, verdict in verdicts.items():
        look = fresh.looks.get(repository)
        if verdict.hold or (look and look.unreadable):
            names[repository] = {**memory.names.get(repository, {}), **names.get(repository, {})}
    return names


def _as_before(entity: Entity, before: Entity, staying: Collection[EntityRef], *, owner: bool) -> Entity:
    """The entity with those relations that it had to what stays, and with its owner if that stays, too."""
    spec: dict[str, Json] = {**entity.spec, "owner": before.spec["owner"]} if owner else dict(entity.spec)
    for reference in references_of(before.document):
        field = str(reference.path[1])
        if field == "owner" or reference.fault or reference.ref not in staying:
            continue
        if len(reference.path) == 2:
            spec.setdefault(field, reference.text)
        elif reference.text not in (items := as_list(spec.get(field))):
            spec[field] = sorted([*map(str, items), reference.text])
    if spec == entity.spec:
        return entity
    in_order = {key: spec[key] for key in (*before.spec, *spec) if key in spec}
    return replace(entity, document={**entity.document, "spec": in_order})
