"""The entities around a Component: what it brings along, provides, runs on and belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scenedock.catalog.annotations import deployment_annotations, from_settings, source_annotations
from scenedock.catalog.apis import api_name
from scenedock.catalog.backing_services import BACKING_SERVICES
from scenedock.catalog.formats import as_entity_name
from scenedock.catalog.owners import UNKNOWN, as_owner
from scenedock.catalog.ownership import lifecycle_of
from scenedock.catalog.services import Member, RepositoryContents, Service
from scenedock.model.entity import Entity, EntityRef, build_entity
from scenedock.model.finding import Place
from scenedock.model.json import Json


def backing_resources(service: Service, owner: str, system: str) -> Iterator[Entity]:
    """Databases, caches, queues … that the service's charts bring along."""
    seen: set[str] = set()
    for member in service.members:
        table = {**BACKING_SERVICES, **member.contents.settings.backing_services}
        for folder in member.folders:
            for each in folder.chart.dependencies if folder.chart else ():
                name = as_entity_name(f"{service.name}-{each.key}")
                if each.name in table and each.folder is None and each.enabled and name not in seen:
                    seen.add(name)
                    metadata = {"annotations": {**_clean(source_annotations(member, folder.path))}}
                    spec = {"type": table[each.name], "owner": owner, "system": system}
                    yield build_entity("Resource", name, metadata, spec, member.place)


def apis(service: Service, owner: str, system: str) -> Iterator[Entity]:
    """An API for each file that defines one."""
    seen: set[str] = set()
    for member in service.members:
        for folder in member.folders:
            for api in folder.apis:
                name = as_entity_name(api_name(service.name, api))
                if name in seen:
                    name = as_entity_name(f"{name}-{api.type}")
                if name in seen:
                    continue
                seen.add(name)
                spec = {
                    "type": api.type,
                    "lifecycle": lifecycle_of(service),
                    "owner": owner,
                    "system": system,
                    "definition": api.definition,
                }
                place = Place(member.contents.facts.name, f"{folder.path}/{api.path}".lstrip("/"))
                metadata = {"annotations": _clean(source_annotations(member, folder.path))}
                yield build_entity("API", name, metadata, spec, place)


def deployments(service: Service, owner: str, system: str) -> Iterator[Entity]:
    """One Resource for each environment, with what its plugins need to show just that one."""
    for environment in service.environments:
        here = [each for each in service.deployments if each.environment == environment]
        annotations = {**deployment_annotations(here), "scenedock.dev/environments": environment}
        for member in service.members:
            if any(each.environment == environment for each in member.deployments):
                annotations |= _clean(source_annotations(member, _folder_of(member, environment)))
                annotations |= from_settings(member, service.name, [environment])
                break
        spec: dict[str, Json] = {"type": "deployment", "owner": owner, "system": system}
        spec["dependsOn"] = [EntityRef.of("component", service.name).short]
        name = as_entity_name(f"{service.name}-{environment}")
        metadata = {"annotations": dict(sorted(annotations.items()))}
        yield build_entity("Resource", name, metadata, spec, service.members[0].place)


def _folder_of(member: Member, environment: str) -> str:
    """The folder of one environment, where environments have folders of their own."""
    if len(member.folders) > 1:
        for folder in member.folders:
            if environment in folder.path:
                return folder.path
    return member.path


def _clean(annotations: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in annotations.items() if value}


def clusters(repositories: Iterable[RepositoryContents]) -> Iterator[Entity]:
    """The clusters that settings name."""
    seen: set[str] = set()
    for contents in repositories:
        if contents.settings.cluster and contents.settings.cluster not in seen:
            seen.add(contents.settings.cluster)
            owner = as_owner(contents.settings.owner) or UNKNOWN
            place = Place(contents.facts.name, "scenedock.yaml")
            spec = {"type": "kubernetes-cluster", "owner": owner}
            yield build_entity("Resource", contents.settings.cluster, {}, spec, place)


def tenants(services: Sequence[Service]) -> Iterator[Entity]:
    """A System for each tenant folder, owned by who owns all of it."""
    seen: set[str] = set()
    for service in services:
        for member in service.members:
            name = as_entity_name(member.tenant)
            if not name or name in seen or service.override.system or member.contents.settings.system_of(member.path):
                continue
            seen.add(name)
            path = member.path[: member.path.index(member.tenant) + len(member.tenant)]
            owner = member.contents.codeowners.owner_of(path) or as_owner(member.contents.settings.owner) or UNKNOWN
            metadata = {"annotations": _clean(source_annotations(member, path))}
            yield build_entity("System", name, metadata, {"owner": owner}, Place(member.contents.facts.name, path))


def owner_entities(entities: Sequence[Entity]) -> Iterator[Entity]:
    """A Group or User for each owner."""
    places: dict[str, Place] = {}
    for entity in entities:
        owner = entity.spec.get("owner")
        if isinstance(owner, str) and owner != UNKNOWN:
            places.setdefault(owner, entity.place)
    known = {entity.ref for entity in entities}
    for owner, place in sorted(places.items()):
        ref = EntityRef.parse(owner, default_kind="group")
        if ref not in known:
            spec: dict[str, Json] = {"memberOf": []} if ref.kind == "user" else {"type": "team", "children": []}
            yield build_entity(ref.kind.capitalize(), ref.name, {}, spec, Place(place.repository))
