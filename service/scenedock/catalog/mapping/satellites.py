"""The entities around a Component: what it brings along, provides, runs on and belongs to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from scenedock.catalog.mapping.annotations import (
    deployment_annotations,
    from_settings,
    override_annotations,
    source_annotations,
)
from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.mapping.ownership import lifecycle_of
from scenedock.catalog.mapping.services import DeployedService
from scenedock.catalog.reading.apis import api_name
from scenedock.catalog.vocabulary.backing_services import BACKING_SERVICES
from scenedock.catalog.vocabulary.formats import join_name
from scenedock.catalog.vocabulary.owners import UNKNOWN, as_owner, first_owner
from scenedock.catalog.vocabulary.relations import references_of
from scenedock.model.entity import DEFAULT_NAMESPACE, Entity, EntityRef, build_entity
from scenedock.model.finding import Place
from scenedock.model.json import Json


def backing_resources(service: DeployedService, owner: str, system: str) -> Iterator[Entity]:
    """Databases, caches, queues … that the service's charts bring along."""
    seen: set[str] = set()
    for member in service.members:
        table = {**BACKING_SERVICES, **member.contents.settings.backing_services}
        for folder in member.folders:
            for each in folder.chart.dependencies if folder.chart else ():
                name = join_name(service.name, each.key)
                if each.name in table and each.folder is None and each.enabled and name not in seen:
                    seen.add(name)
                    metadata = {"annotations": {**_clean(source_annotations(member, folder.path))}}
                    spec = {"type": table[each.name], "owner": owner, "system": system}
                    yield build_entity("Resource", name, metadata, spec, member.place)


def apis(service: DeployedService, owner: str, system: str) -> Iterator[Entity]:
    """An API for each file that defines one."""
    seen: set[str] = set()
    for member in service.members:
        for folder in member.folders:
            for api in folder.apis:
                # A file's path is the last resort: only that of another repository's folder may be the same.
                stem = posixpath.splitext(api.path)[0].replace("/", "-")
                names = (api_name(service.name, api), join_name(service.name, api.type), join_name(service.name, stem))
                name = next((name for name in names if name not in seen), "")
                if not name:
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


def deployments(service: DeployedService, owner: str, system: str) -> Iterator[Entity]:
    """One Resource for each environment, with what its plugins need to show just that one."""
    for environment in service.environments:
        place = service.members[0].place
        here = [each for each in service.deployments if each.environment == environment]
        annotations = {**deployment_annotations(here), "scenedock.dev/environments": environment}
        for member in service.members:
            if any(each.environment == environment for each in member.deployments):
                place = member.place
                folder = next((each.folder for each in here if each in member.deployments), "")
                annotations |= _clean(source_annotations(member, folder or member.path))
                annotations = override_annotations(annotations, from_settings(member, service.name, [environment]))
                break
        spec: dict[str, Json] = {"type": "deployment", "owner": owner, "system": system}
        spec["dependsOn"] = [EntityRef.of("component", service.name).short]
        name = join_name(service.name, environment)
        metadata = {"annotations": dict(sorted(annotations.items()))}
        yield build_entity("Resource", name, metadata, spec, place)


def _clean(annotations: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in annotations.items() if value}


def clusters(repositories: Iterable[RepositoryContents]) -> Iterator[Entity]:
    """The clusters that settings name."""
    seen: set[str] = set()
    for contents in repositories:
        if contents.settings.cluster and contents.settings.cluster not in seen:
            seen.add(contents.settings.cluster)
            owner = first_owner([as_owner(contents.settings.owner)])
            place = Place(contents.facts.name, "scenedock.yaml")
            spec = {"type": "kubernetes-cluster", "owner": owner}
            yield build_entity("Resource", contents.settings.cluster, {}, spec, place)


def tenants(services: Sequence[DeployedService]) -> Iterator[Entity]:
    """A System for each tenant folder, owned by who owns all of it."""
    seen: set[str] = set()
    for service in services:
        for member in service.members:
            name = member.tenant_name
            if not name or name in seen or service.override.system or member.contents.settings.system_of(member.path):
                continue
            seen.add(name)
            contents, path = member.contents, member.tenant
            owner = first_owner([contents.codeowners.owner_of(path), as_owner(contents.settings.owner)])
            metadata = {"annotations": _clean(source_annotations(member, path))}
            yield build_entity("System", name, metadata, {"owner": owner}, Place(contents.facts.name, path))


def owner_entities(entities: Sequence[Entity]) -> Iterator[Entity]:
    """A Group or User for each owner; a hand-written owner that is neither gets none."""
    places: dict[EntityRef, Place] = {}
    for entity in entities:
        for reference in references_of(entity.document):
            if reference.path == ("spec", "owner") and reference.text != UNKNOWN and not reference.fault:
                places.setdefault(reference.ref, entity.place)
    existing = {entity.ref for entity in entities}
    for ref, place in sorted(places.items(), key=lambda item: item[0]):
        if ref not in existing and ref.kind in {"group", "user"}:
            namespace = "" if ref.namespace == DEFAULT_NAMESPACE else ref.namespace
            spec: dict[str, Json] = {"memberOf": []} if ref.kind == "user" else {"type": "team", "children": []}
            yield build_entity(ref.kind.capitalize(), ref.name, {"namespace": namespace}, spec, Place(place.repository))
