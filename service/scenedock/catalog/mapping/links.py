"""Phase four, `linked`: the relations between what is emitted, and what is wrong with them as a whole."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from graphlib import CycleError, TopologicalSorter
from ipaddress import ip_address
from typing import TypeAlias

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.entities import Mapped, MappedService
from scenedock.catalog.mapping.ownership import files_of, overridden
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.catalog.vocabulary.evidence import Evidence, dependency_called, item_called
from scenedock.catalog.vocabulary.formats import join_name
from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.catalog.vocabulary.relations import RELATION_FIELDS, Reference, references_of
from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding
from scenedock.model.helm import CHART_FILE, Dependency, HelmFolder, ListItem
from scenedock.model.json import as_list, as_object, as_text
from scenedock.structs import dataclass, replace

_Prove: TypeAlias = Callable[[], Evidence]
"""Makes the evidence for a relation, for those who ask: it costs more than to find the relation."""

_MOST_CYCLES = 20
_PARENT_FIELDS = ("subcomponentOf", "subdomainOf", "parent")


def link(mapped: Mapped, known: Collection[EntityRef]) -> Mapped:
    """The same entities with their relations; references to others are checked where some are `known`."""
    graph = Graph(mapped)
    services = tuple(graph.linked(each) for each in mapped.services)
    result = replace(mapped, services=services)
    findings = [*_dangling(result, known), *find_cycles(result.entities)]
    return replace(result, findings=(*mapped.findings, *findings))


@dataclass(frozen=True, slots=True)
class LinkIndex:
    """What services are found by: by repository and path their folders, with the Component, if that is what they are;
    and the names, namespaces and ingress hosts (by environment) under which others address them.
    """

    folders: Mapping[tuple[str, str], EntityRef | None]
    names: Mapping[str, set[EntityRef]]
    namespaces: Mapping[EntityRef, set[str]]
    ingress: Mapping[tuple[str | None, str], set[EntityRef]]

    @classmethod
    def of(cls, services: Iterable[MappedService]) -> LinkIndex:
        """The index of some services."""
        folders: dict[tuple[str, str], EntityRef | None] = {}
        listening = _Listening({}, {}, {})
        for each in services:
            service, ref, is_component = each.shown, each.main.ref, each.main.kind == "Component"
            for member in service.members:
                for folder in member.folders:
                    folders[member.contents.facts.name, folder.path] = ref if is_component else None
            if is_component and each.main.spec.get("type") != "library":
                listening.add(service, ref)
        return cls(folders, listening.names, listening.namespaces, listening.ingress)


@dataclass(frozen=True, slots=True)
class _Listening:
    """The names under which services may be addressed, as in an index, while they are found."""

    names: dict[str, set[EntityRef]]
    namespaces: dict[EntityRef, set[str]]
    ingress: dict[tuple[str | None, str], set[EntityRef]]

    def add(self, service: DeployedService, ref: EntityRef) -> None:
        """Note the names under which others may address a service."""
        homes = {member.path for member in service.members}
        # A folder inside the service's own is called after an environment: nobody's host.
        folders = {folder.path for folder in service.folders if posixpath.dirname(folder.path) not in homes}
        for name in {service.name.lower(), *(posixpath.basename(path).lower() for path in {*homes, *folders} if path)}:
            self.names.setdefault(name, set()).add(ref)
            self.names.setdefault(f"{name}-service", set()).add(ref)
        for deployment in service.deployments:
            if deployment.namespace:
                self.namespaces.setdefault(ref, set()).add(deployment.namespace.lower())
            if deployment.facts.fullname:
                self.names.setdefault(deployment.facts.fullname.lower(), set()).add(ref)
            for host in deployment.facts.ingress_hosts:
                self.ingress.setdefault((deployment.environment, host), set()).add(ref)


class Graph:
    """Which entity a folder, a chart or a host belongs to."""

    def __init__(self, mapped: Mapped, index: LinkIndex | None = None) -> None:
        """`index` replaces what is to be found among the services of `mapped`."""
        self.index = index or LinkIndex.of(mapped.services)
        self._roles = mapped.roles

    def linked(self, each: MappedService) -> MappedService:
        """The service with `dependsOn` and `providesApis` of its Component; a System has no such edges."""
        if each.main.kind != "Component":
            return each
        depends_on = {ref for ref, _ in self._dependencies(each)}
        provides = {entity.ref for entity in each.entities if entity.kind == "API" and entity.ref in each.ours}
        main = _with_relations(_with_relations(each.main, "dependsOn", depends_on), "providesApis", provides)
        others = (_on_clusters(entity, each.service) for entity in each.entities[1:])
        return replace(each, entities=(main, *others))

    def dependencies(self, each: MappedService) -> Iterator[tuple[EntityRef, Evidence]]:
        """What a service depends on, with what proves it; one may occur several times."""
        return ((ref, prove()) for ref, prove in self._dependencies(each))

    def _dependencies(self, each: MappedService) -> Iterator[tuple[EntityRef, _Prove]]:
        for ref, prove in (*self._charts(each), *_satellites(each), *_clusters(each)):
            if ref != each.main.ref:
                yield ref, prove
        for targets, prove in self._hosts(each):
            if len(targets) == 1 and (ref := next(iter(targets))) != each.main.ref:
                yield ref, prove
        for number, text in enumerate(each.service.override.depends_on):
            yield EntityRef.parse(text, default_kind=""), partial(_overridden, each.service, text, number)

    def _charts(self, each: MappedService) -> Iterator[tuple[EntityRef, _Prove]]:
        """The local charts that the service's charts list, and the chart that its list items default to."""
        for member in each.service.members:
            repository = member.contents.facts.name
            defaults = {item.chart_folder: item for item in member.items if item.default_chart}
            paths = [(path, partial(_default_chart, repository, path, item)) for path, item in defaults.items()]
            for folder in member.folders:
                for dependency in folder.chart.dependencies if folder.chart else ():
                    path = self._roles.target(repository, dependency)
                    if path is not None and (dependency.enabled or (repository, path) in self._roles.libraries):
                        paths.append((path, partial(_listed_chart, repository, path, folder, dependency)))
            for path, prove in paths:
                if target := self.index.folders.get((repository, path)):
                    yield target, prove

    def hosts(self, each: MappedService) -> Iterator[tuple[set[EntityRef], Evidence]]:
        """The hosts in the values of a service, each with all that it may mean: one Component, none, or several."""
        return ((targets, prove()) for targets, prove in self._hosts(each))

    def _hosts(self, each: MappedService) -> Iterator[tuple[set[EntityRef], _Prove]]:
        if each.main.spec.get("type") == "app-of-apps":
            return
        for member in each.service.members:
            for deployment in member.deployments:
                for host in deployment.facts.hosts:
                    yield self._addressed(host, deployment, each), partial(_host, host, member, deployment)

    def _addressed(self, host: str, deployment: Deployment, caller: MappedService) -> set[EntityRef]:
        """Who answers to a host: a Service, by its name and namespace, else who has it as an ingress host."""
        first, dot, rest = host.partition(".")
        namespace = rest.partition(".")[0]
        if not dot or rest.endswith((".svc", ".svc.cluster.local")) or rest.split(".")[1:2] == ["svc"]:
            return self._answering(first, namespace, deployment, caller)
        if namespace == rest and (
            named := {ref for ref in self.index.names.get(first, ()) if self._is_of(ref, namespace)}
        ):
            return named
        exposed = self.index.ingress.get((deployment.environment, host), set())
        return set() if exposed and (host == "localhost" or _is_address(host)) else exposed

    def _answering(self, name: str, namespace: str, deployment: Deployment, caller: MappedService) -> set[EntityRef]:
        """Whose Service a name in a namespace is; a Service of the caller's own is no other folder's.

        Namespaces are those of Argo CD, else called after the folder. So one that is called after a third folder has
        that folder's Services.
        """
        own = _own_namespaces(deployment, caller) if namespace else set()
        if (not namespace or namespace in own) and any(name in folder.services for folder in caller.service.folders):
            return set()
        named = self.index.names.get(name, set())
        if not namespace:
            return named
        if namespace in own:
            return {ref for ref in named if namespace in self._namespaces(ref) or ref == caller.main.ref}
        others = self.index.names.get(namespace, set())
        return {
            ref
            for ref in named
            if namespace in self._namespaces(ref) or not (self._namespaces(ref) or (others and ref not in others))
        }

    def _is_of(self, ref: EntityRef, namespace: str) -> bool:
        """Whether something is known to run in a namespace: by Argo CD, or by having its name."""
        return namespace in (self._namespaces(ref) or {ref.name.lower()})

    def _namespaces(self, ref: EntityRef) -> Collection[str]:
        return self.index.namespaces.get(ref, ())


def _default_chart(repository: str, path: str, item: ListItem) -> Evidence:
    said = "the chart that its app list defaults to"
    return Evidence(path, said, repository, (item.list_path,), pattern=item_called(item.key))


def _listed_chart(repository: str, path: str, folder: HelmFolder, dependency: Dependency) -> Evidence:
    charts = (folder.at(CHART_FILE), folder.at("requirements.yaml"))
    said, pattern = f"the chart lists {dependency.name}", dependency_called(dependency.name)
    return Evidence(path, said, repository, charts, pattern=pattern)


def _host(host: str, member: Member, deployment: Deployment) -> Evidence:
    said, repository = f"the host {host!r} in the values", member.contents.facts.name
    item = deployment.item.key if deployment.item else ""
    return Evidence(host, said, repository, files_of(member, deployment), sign=host, item=item)


def _backing_service(service: DeployedService, entity: Entity) -> Evidence:
    charts = tuple(folder.at(CHART_FILE) for folder in service.folders if folder.chart)
    keys = [dep.key for folder in service.folders if folder.chart for dep in folder.chart.dependencies]
    key = next((key for key in keys if join_name(service.name, key) == entity.name), "")
    pattern = rf"(?:name|alias):[ \t]*[\"']?{re.escape(key)}\b"
    return Evidence(key, f"the chart lists {key}", entity.place.repository, charts, pattern=pattern)


def _cluster(member: Member, deployment: Deployment) -> Evidence:
    said, repository = "`cluster` in the settings", member.contents.facts.name
    return Evidence(deployment.cluster, said, repository, (FILE_NAME,), ("cluster",))


def _overridden(service: DeployedService, text: str, number: int) -> Evidence:
    evidence = overridden(service, "dependsOn", text)
    return replace(evidence, keys=(*evidence.keys, number))


def _own_namespaces(deployment: Deployment, caller: MappedService) -> set[str]:
    """The namespaces that a deployment's own Services are in."""
    if deployment.namespace:
        return {deployment.namespace.lower()}
    names = {caller.service.name.lower(), posixpath.basename(deployment.folder).lower()}
    return {*names, *(f"{name}-{deployment.environment}" for name in names if deployment.environment)}


def _satellites(each: MappedService) -> Iterator[tuple[EntityRef, _Prove]]:
    """The backing services that the service brings along."""
    for entity in each.entities[1:]:
        if entity.kind == "Resource" and entity.spec.get("type") != "deployment" and entity.ref in each.ours:
            yield entity.ref, partial(_backing_service, each.service, entity)


def _clusters(each: MappedService) -> Iterator[tuple[EntityRef, _Prove]]:
    """The clusters it runs on; where deployments are entities, those run on them instead."""
    if not _has_deployment_entities(each.service):
        for member in each.service.members:
            for deployment in member.deployments:
                if deployment.cluster:
                    yield EntityRef.of("resource", deployment.cluster), partial(_cluster, member, deployment)


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
    """References to missing entities, checked only where it is known what else the catalog holds."""
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
                    f"{entity.ref.short} refers to {ref} in {field}, which is neither exported nor known",
                    entity.place,
                    "Correct the reference, or describe that entity.",
                )


def find_cycles(entities: Collection[Entity]) -> Iterator[Finding]:
    """Cycles: of parents, which Backstage can't show, and of dependencies, which it can."""
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
            names = " → ".join(ref.name for ref in cycle)
            yield Finding(
                "error" if severe else "info",
                "parent-cycle" if severe else "dependency-cycle",
                f"these entities refer to each other in a cycle: {names}",
                places[cycle[0]].place,
                "Remove one of the references."
                if severe
                else "No action is needed, but there is no safe order to deploy them in.",
            )


def _each_cycle(graph: Mapping[EntityRef, set[EntityRef]]) -> Iterator[list[EntityRef]]:
    """One cycle after the other, each starting at its smallest member; at most twenty."""
    edges = {ref: set(targets) for ref, targets in graph.items()}
    for _ in range(_MOST_CYCLES):
        try:
            TopologicalSorter({ref: sorted(targets) for ref, targets in sorted(edges.items())}).prepare()
        except CycleError as error:
            members: list[EntityRef] = list(reversed(error.args[1]))[:-1]
            start = members.index(min(members))
            cycle = members[start:] + members[:start]
            edges[cycle[-1]].discard(cycle[0])
            yield [*cycle, cycle[0]]
        else:
            return
