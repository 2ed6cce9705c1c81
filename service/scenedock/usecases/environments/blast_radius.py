"""What a retirement does, besides the files that go: in the cluster, in the catalog, and to those who depend on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scenedock.catalog.mapping.entities import Mapped, MappedService
from scenedock.catalog.mapping.links import Graph
from scenedock.catalog.mapping.source_code import source_code_of
from scenedock.changes.retirement import BlastRadius, Depending, RenderedObject
from scenedock.changes.text import Dependent
from scenedock.errors import ScenedockError
from scenedock.manifests.objects import id_of, objects_in
from scenedock.manifests.retained import (
    NAMESPACE_STAYS,
    claims_of,
    images_of_pods,
    kept_by,
    kept_by_deployer,
    secrets_elsewhere,
)
from scenedock.model.entity import Entity
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject, as_object
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.explain_service import EvidenceLines
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.told import dependents_of
from scenedock.usecases.environments.removing.removal import Removal, files_outside, pair_of
from scenedock.usecases.manifests.deployed_targets import DeployedTargets
from scenedock.usecases.manifests.rendering import TargetRenderer
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.tools import RenderingTools


@dataclass(slots=True)
class _InCluster:
    """What is rendered for some deployments, and why of others nothing is."""

    objects: dict[RenderedObject, None] = field(default_factory=dict)
    namespaces: dict[str, None] = field(default_factory=dict)
    claims: dict[str, None] = field(default_factory=dict)
    elsewhere: dict[str, None] = field(default_factory=dict)
    images: dict[str, None] = field(default_factory=dict)
    keeps: dict[str, None] = field(default_factory=dict)
    not_rendered: dict[str, str] = field(default_factory=dict)


def blast_radius(removal: Removal, tools: RenderingTools) -> BlastRadius:
    """The blast radius of a removal that is complete.

    What helm would have to render isn't known where there is no helm: `not_rendered` says so.

    Raises
    ------
    NotAllowedError   this machine can't sandbox a process
    InputError        a repository can't be read
    """
    ground = removal.ground
    inside = _in_cluster(ground, removal.keys, tools)
    releases = [ground.releases[key] for key in removal.keys]
    inside.images |= dict.fromkeys(f"{each.image}:{each.version}" for each in releases if each.image and each.version)
    stays = [f"images, such as {image}" for image in list(inside.images)[:1]]
    service = removal.keys[0][1]
    mapped = ground.result.mapped
    own = next((each for each in mapped.services if each.service.name == service), None) if mapped else None
    is_over = own is None or all(key in removal.keys for key in _keys_of(ground, service))
    after = removal.now.result.mapped
    gone = _refs(mapped) - _refs(after)
    if own and is_over:
        stays += [f"the repository {slug.host or slug.provider}/{slug.slug}" for slug, _ in source_code_of(own.service)]
    outside = [at for at in files_outside(ground, removal.keys) if removal.after.get(at, b"") is not None]
    stays += [f"{name}:{path}, which others may use" for name, path in outside]
    stays += [f"{each}, as the catalog names it" for each in _resources(mapped, own) if each not in gone]
    return BlastRadius(
        deployments=tuple(map(pair_of, removal.keys)),
        namespaces=tuple(inside.namespaces),
        objects=tuple(inside.objects),
        not_rendered=inside.not_rendered,
        claims=tuple(inside.claims),
        keeps=tuple(inside.keeps),
        entities=tuple(sorted(gone)),
        dependents=dependents_in(ground, removal.keys),
        locks=tuple(
            str(lock)
            for repository, name, environment in removal.keys
            for lock in ground.locks(repository)
            if lock.service == name and lock.environment == environment
        ),
        stays=(*stays, *inside.elsewhere),
    )


def dependents_in(ground: Ground, keys: Sequence[PairKey]) -> tuple[Depending, ...]:
    """Who depends on a service where it goes, with the lines that say so.

    Who is known to run in other environments only, or to depend on it only there, doesn't.
    """
    mapped, service = ground.result.mapped, next(iter(keys))[1]
    if mapped is None:
        return ()
    of_service = {key for key in ground.releases if key[1] == service}
    environments = None if of_service <= set(keys) else {key[2] for key in keys}
    return tuple(
        found
        for each in dependents_of(ground, service)
        if (found := _depending(ground, mapped, service, each, environments))
    )


def _depending(
    ground: Ground, mapped: Mapped, service: str, dependent: Dependent, environments: set[str | None] | None
) -> Depending | None:
    own = next(each for each in mapped.services if each.service.name == service)
    theirs = next((each for each in mapped.services if each.main.ref.short == dependent.entity), None)
    if theirs is None:
        entity = next((each for each in mapped.entities if each.ref.short == dependent.entity), None)
        return Depending(dependent.entity, dependent.owner, entity.place if entity else Place())
    known = set(theirs.service.environments)
    if environments is not None and known and known.isdisjoint(environments):
        return None
    places = list(_places(ground, mapped, theirs, own))
    others = _files_of_others(theirs, environments)
    counting = [each for each in places if (each.repository, each.path) not in others]
    if places and not counting:
        return None
    return Depending(dependent.entity, dependent.owner, counting[0] if counting else theirs.main.place)


def _places(ground: Ground, mapped: Mapped, each: MappedService, target: MappedService) -> Iterator[Place]:
    """The lines that make a service depend on another."""
    lines = EvidenceLines({name: repository.read for name, repository in ground.repositories.items()})
    refs = {entity.ref for entity in target.entities}
    for ref, evidence in Graph(mapped).dependencies(each):
        if ref in refs:
            yield lines.place_of(evidence)


def _files_of_others(each: MappedService, environments: set[str | None] | None) -> set[tuple[str, str]]:
    """The values files that only other environments of a service have, by repository and path."""
    if environments is None:
        return set()
    ours: set[tuple[str, str]] = set()
    others: set[tuple[str, str]] = set()
    for member in each.service.members:
        for folder in member.folders:
            for environment in folder.value_files:
                is_ours = not environment or environment in environments
                paths = {(member.contents.facts.name, path) for path in folder.files_of(environment)}
                (ours if is_ours else others).update(paths)
    return others - ours


def _in_cluster(ground: Ground, keys: Sequence[PairKey], tools: RenderingTools) -> _InCluster:
    """What is in the cluster, as far as it can be rendered; without helm, what the catalog knows of namespaces."""
    found = _InCluster()
    for key in keys:
        pair = ground.pairs[key]
        if pair.deployment.namespace:
            found.namespaces[pair.deployment.namespace] = None
        by = pair.deployment.application or pair.deployment.unit
        _note_deployer(found, ground, by.place if by else None)
    try:
        tools.helm.check()
        _render(found, ground, keys, tools)
        if found.namespaces.keys() <= {each.name for each in found.objects if each.kind == "Namespace"}:
            found.keeps = {said: None for said in found.keeps if not said.startswith(NAMESPACE_STAYS)}
    except ScenedockError as error:
        found.not_rendered |= {pair_of(key): str(error) for key in keys}
    return found


def _note_deployer(found: _InCluster, ground: Ground, place: Place | None) -> None:
    reader = ground.survey.readers.get(place.repository) if place else None
    if place is None or reader is None:
        return
    here = [each for each in reader.here.documents(place.path) if each.line <= (place.line or each.line)]
    for said in kept_by_deployer(as_object(here[-1].value)) if here else ():
        found.keeps[f"{said} ({place})"] = None


def _render(found: _InCluster, ground: Ground, keys: Sequence[PairKey], tools: RenderingTools) -> None:
    names = ground.result.names
    state = State(ground.repositories)
    with TargetRenderer(tools) as renderer:
        deployed = DeployedTargets.of(state, renderer, names)
        by_applications = [each for each in deployed.by_applications() if each.key[:3] in keys]
        for planned in deployed.planner.planned:
            if planned.target.key[:3] in keys and planned.found.by:
                for said in kept_by_deployer(planned.found.written.document):
                    if "has no finalizer" not in said or "ApplicationSet" not in planned.found.by:
                        found.keeps[f"{said} ({planned.found.place})"] = None
                if planned.found.written.namespace:
                    found.namespaces[planned.found.written.namespace] = None
        covered = {each.key[:3] for each in by_applications if not each.reason}
        missing = set(keys) - covered
        by_folders = [each for each in deployed.by_folders() if each.key[:3] in missing] if missing else []
        for printed in renderer.print_all([(state, each) for each in (*by_applications, *by_folders)]):
            rendered = printed.rendered()
            key = rendered.repository, rendered.service, rendered.environment
            if rendered.reason:
                found.not_rendered[pair_of(key)] = rendered.reason
            _note_objects(found, objects_in(rendered.manifests))
    for key in set(keys) - covered - {each.key[:3] for each in by_folders}:
        found.not_rendered.setdefault(pair_of(key), "nothing says what is deployed")


def _note_objects(found: _InCluster, manifests: Iterator[JsonObject]) -> None:
    for manifest in manifests:
        identity, kept = id_of(manifest), kept_by(manifest)
        shown = RenderedObject(identity.kind, identity.name, identity.namespace, kept)
        found.objects[shown] = None
        if kept:
            found.keeps[f"{shown}: {kept}"] = None
        if identity.namespace:
            found.namespaces[identity.namespace] = None
        found.claims |= dict.fromkeys(claims_of(manifest))
        found.elsewhere |= dict.fromkeys(secrets_elsewhere(manifest))
        found.images |= dict.fromkeys(images_of_pods(manifest))


def _keys_of(ground: Ground, service: str) -> Iterator[PairKey]:
    return (key for key in ground.releases if key[1] == service)


def _refs(mapped: Mapped | None) -> set[str]:
    return {each.ref.short for each in mapped.entities} if mapped else set()


def _resources(mapped: Mapped | None, own: MappedService | None) -> Iterator[str]:
    """The Resources that a service depends on, such as databases."""
    if mapped is None or own is None:
        return
    known: Mapping[str, Entity] = {each.ref.short: each for each in mapped.entities}
    graph = Graph(mapped)
    for ref in dict.fromkeys(ref for ref, _ in graph.dependencies(own)):
        if ref.kind == "resource" and ref.short in known:
            yield ref.short
