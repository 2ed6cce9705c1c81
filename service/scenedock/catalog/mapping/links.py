"""Phase four, `linked`: the relations between what is emitted, and what is wrong with them as a whole."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from ipaddress import ip_address

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.entities import Mapped, MappedService
from scenedock.catalog.mapping.services import DeployedService
from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.catalog.vocabulary.relations import RELATION_FIELDS, Reference, references_of
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding
from scenedock.model.json import as_list, as_object, as_text

_MOST_CYCLES = 20
_PARENT_FIELDS = ("subcomponentOf", "subdomainOf", "parent")


def link(mapped: Mapped, known: Collection[EntityRef]) -> Mapped:
    """The same entities with their relations; references to others are judged where some are `known`."""
    graph = _Graph(mapped)
    services = tuple(graph.linked(each) for each in mapped.services)
    result = replace(mapped, services=services)
    findings = [*_dangling(result, known), *_cycles(result.entities)]
    return replace(result, findings=(*mapped.findings, *findings))


class _Graph:
    """Which entity a folder, a chart or a host belongs to."""

    def __init__(self, mapped: Mapped) -> None:
        self._roles = mapped.roles
        self._by_folder: dict[tuple[str, str], MappedService] = {}
        self._names: dict[str, set[EntityRef]] = defaultdict(set)
        self._namespaces: dict[EntityRef, set[str]] = defaultdict(set)
        self._ingress: dict[tuple[str | None, str], set[EntityRef]] = defaultdict(set)
        for each in mapped.services:
            for member in each.service.members:
                for folder in member.folders:
                    self._by_folder[member.contents.facts.name, folder.path] = each
            if each.main.kind == "Component" and each.main.spec.get("type") != "library":
                self._listen(each)

    def linked(self, each: MappedService) -> MappedService:
        """The service with `dependsOn` and `providesApis` of its Component; a System has no such edges."""
        if each.main.kind != "Component":
            return each
        depends_on = {*self._charts(each), *_satellites(each), *_clusters(each)}
        if each.main.spec.get("type") != "app-of-apps":
            depends_on.update(self._hosts(each))
        depends_on.discard(each.main.ref)
        depends_on |= {EntityRef.parse(text, default_kind="") for text in each.service.override.depends_on}
        provides = {entity.ref for entity in each.entities if entity.kind == "API" and entity.ref in each.ours}
        main = _with_relations(_with_relations(each.main, "dependsOn", depends_on), "providesApis", provides)
        others = (_on_clusters(entity, each.service) for entity in each.entities[1:])
        return replace(each, entities=(main, *others))

    def _listen(self, each: MappedService) -> None:
        """Note the names under which others may address a service."""
        service, ref = each.service, each.main.ref
        homes = {member.path for member in service.members}
        # A folder inside the service's own is called after an environment: nobody's host.
        folders = {folder.path for folder in service.folders if posixpath.dirname(folder.path) not in homes}
        for name in {service.name.lower(), *(posixpath.basename(path).lower() for path in {*homes, *folders} if path)}:
            self._names[name].add(ref)
            self._names[f"{name}-service"].add(ref)
        for deployment in service.deployments:
            if deployment.application and deployment.application.namespace:
                self._namespaces[ref].add(deployment.application.namespace.lower())
            if deployment.facts.fullname:
                self._names[deployment.facts.fullname.lower()].add(ref)
            for host in deployment.facts.ingress_hosts:
                self._ingress[deployment.environment, host].add(ref)

    def _charts(self, each: MappedService) -> Iterator[EntityRef]:
        """The local charts that the service's charts list, and the chart that its list items default to."""
        for member in each.service.members:
            repository = member.contents.facts.name
            paths = [item.chart_folder for item in member.items if item.default_chart]
            for folder in member.folders:
                for dependency in folder.chart.dependencies if folder.chart else ():
                    path = self._roles.target(repository, dependency)
                    if path is not None and (dependency.enabled or (repository, path) in self._roles.libraries):
                        paths.append(path)
            for path in paths:
                target = self._by_folder.get((repository, path))
                if target and target.main.kind == "Component":
                    yield target.main.ref

    def _hosts(self, each: MappedService) -> Iterator[EntityRef]:
        for deployment in each.service.deployments:
            for host in deployment.facts.hosts:
                found = self._addressed(host, deployment, each)
                if len(found) == 1:
                    yield next(iter(found))

    def _addressed(self, host: str, deployment: Deployment, caller: MappedService) -> set[EntityRef]:
        """Who answers to a host: a Service, by its name and namespace, else who has it as an ingress host."""
        first, dot, rest = host.partition(".")
        namespace = rest.partition(".")[0]
        if not dot or rest.endswith((".svc", ".svc.cluster.local")) or rest.split(".")[1:2] == ["svc"]:
            return self._answering(first, namespace, deployment, caller)
        if namespace == rest and (found := {ref for ref in self._names.get(first, ()) if self._is_of(ref, namespace)}):
            return found
        found = self._ingress.get((deployment.environment, host), set())
        return set() if found and (host == "localhost" or _is_address(host)) else found

    def _answering(self, name: str, namespace: str, deployment: Deployment, caller: MappedService) -> set[EntityRef]:
        """Whose Service a name in a namespace is; a Service of the caller's own is no other folder's.

        Namespaces are those of Argo CD, else called after the folder. So one that is called after a third folder has
        that folder's Services.
        """
        own = _own_namespaces(deployment, caller)
        if (not namespace or namespace in own) and any(name in folder.services for folder in caller.service.folders):
            return set()
        named = self._names.get(name, set())
        if not namespace:
            return named
        if namespace in own:
            return {ref for ref in named if namespace in self._namespaces[ref] or ref == caller.main.ref}
        others = self._names.get(namespace, set())
        return {
            ref
            for ref in named
            if namespace in self._namespaces[ref] or not (self._namespaces[ref] or (others and ref not in others))
        }

    def _is_of(self, ref: EntityRef, namespace: str) -> bool:
        """Whether something is known to run in a namespace: by Argo CD, or by having its name."""
        return namespace in (self._namespaces[ref] or {ref.name.lower()})


def _own_namespaces(deployment: Deployment, caller: MappedService) -> set[str]:
    """The namespaces that a deployment's own Services are in."""
    if deployment.application and deployment.application.namespace:
        return {deployment.application.namespace.lower()}
    names = {caller.service.name.lower(), posixpath.basename(deployment.folder).lower()}
    return {*names, *(f"{name}-{deployment.environment}" for name in names if deployment.environment)}


def _satellites(each: MappedService) -> Iterator[EntityRef]:
    """The backing services that the service brings along."""
    for entity in each.entities[1:]:
        if entity.kind == "Resource" and entity.spec.get("type") != "deployment" and entity.ref in each.ours:
            yield entity.ref


def _clusters(each: MappedService) -> Iterator[EntityRef]:
    """The clusters it runs on; where deployments are entities, those run on them instead."""
    if not _has_deployment_entities(each.service):
        yield from (EntityRef.of("resource", deployment.cluster) for deployment in _on_cluster(each.service))


def _on_clusters(entity: Entity, service: DeployedService) -> Entity:
    if entity.spec.get("type") != "deployment" or not _has_deployment_entities(service):
        return entity
    environment = as_object(entity.metadata.get("annotations")).get("scenedock.dev/environments")
    here = [each for each in _on_cluster(service) if each.environment == environment]
    return _with_relations(entity, "dependsOn", {EntityRef.of("resource", each.cluster) for each in here})


def _on_cluster(service: DeployedService) -> Iterator[Deployment]:
    return (deployment for deployment in service.deployments if deployment.cluster)


def _has_deployment_entities(service: DeployedService) -> bool:
    return any(member.contents.settings.resources for member in service.members)


def _with_relations(entity: Entity, field: str, refs: Collection[EntityRef]) -> Entity:
    """The entity with more relations in a field, sorted, each once. All of them name their kinds, for people."""
    if not refs:
        return entity
    relations = {ref.written("", entity.namespace) for ref in refs}
    for text in map(as_text, as_list(entity.spec.get(field))):
        reference = Reference(("spec", field), text, RELATION_FIELDS[entity.kind][field], entity.namespace)
        if reference.fault or reference.ref not in refs:
            relations.add(text)
    return Entity({**entity.document, "spec": {**entity.spec, field: sorted(relations)}}, entity.place)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _dangling(mapped: Mapped, known: Collection[EntityRef]) -> Iterator[Finding]:
    """References to nothing, judged only where it is known what else the catalog holds."""
    if not known:
        return
    emitted = {entity.ref for each in mapped.services for entity in each.entities}
    emitted |= {entity.ref for entity in mapped.shared}
    for entity in mapped.entities:
        for reference in references_of(entity.document):
            if reference.fault or reference.text == UNKNOWN:
                continue
            ref = reference.ref
            if ref not in emitted and ref not in known:
                field = ".".join(str(step) for step in reference.path if isinstance(step, str))
                yield Finding(
                    "warning",
                    "dangling-ref",
                    f"{entity.ref.short} names {ref} in {field}, which nobody describes",
                    entity.place,
                    "Correct the name, or describe that entity.",
                )


def _cycles(entities: Collection[Entity]) -> Iterator[Finding]:
    """Circles: of parents, which Backstage can't show; of dependencies, which is worth a thought."""
    places = {entity.ref: entity for entity in entities}
    parents: dict[EntityRef, set[EntityRef]] = defaultdict(set)
    dependencies: dict[EntityRef, set[EntityRef]] = defaultdict(set)
    graphs: dict[str | int, dict[EntityRef, set[EntityRef]]] = {
        **dict.fromkeys(_PARENT_FIELDS, parents),
        "dependsOn": dependencies,
    }
    for entity in entities:
        for reference in references_of(entity.document):
            if reference.path[1] in graphs and not reference.fault:
                graphs[reference.path[1]][entity.ref].add(reference.ref)
    for graph, severe in ((parents, True), (dependencies, False)):
        for cycle in _each_cycle(graph):
            said = " → ".join(ref.name for ref in cycle)
            yield Finding(
                "error" if severe else "info",
                "parent-cycle" if severe else "dependency-cycle",
                f"these refer to each other in a circle: {said}",
                places[cycle[0]].place,
                "Break the circle." if severe else "Nothing must be done; deployments in a circle have no safe order.",
            )


def _each_cycle(graph: Mapping[EntityRef, set[EntityRef]]) -> Iterator[list[EntityRef]]:
    """One circle after the other, each begun at its smallest member; at most twenty."""
    edges = {ref: set(targets) for ref, targets in graph.items()}
    for _ in range(_MOST_CYCLES):
        try:
            TopologicalSorter({ref: sorted(targets) for ref, targets in sorted(edges.items())}).prepare()
        except CycleError as error:
            found: list[EntityRef] = list(reversed(error.args[1]))[:-1]
            start = found.index(min(found))
            cycle = found[start:] + found[:start]
            edges[cycle[-1]].discard(cycle[0])
            yield [*cycle, cycle[0]]
        else:
            return
