"""Phase two, `mapped`: services become entities. Their relations come later, in `linked`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from scenedock.catalog.mapping.annotations import LabelUse, annotation_evidence, application_labels, workload_labels
from scenedock.catalog.mapping.component_types import SERVICE, generic_charts, types_of
from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.mapping.merging import combine
from scenedock.catalog.mapping.ownership import disagreements, lifecycle_of, overridden, owner_of
from scenedock.catalog.mapping.roles import Roles
from scenedock.catalog.mapping.satellites import apis, backing_resources, clusters, deployments, owner_entities, tenants
from scenedock.catalog.mapping.services import DeployedService
from scenedock.catalog.vocabulary.credentials import drop_credentials
from scenedock.catalog.vocabulary.evidence import Evidence, dependency_called
from scenedock.catalog.vocabulary.formats import as_tag
from scenedock.catalog.vocabulary.relations import rename_references
from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.model.entity import Entity, EntityRef, build_entity
from scenedock.model.finding import Finding
from scenedock.model.helm import CHART_FILE
from scenedock.model.json import Json
from scenedock.structs import dataclass, field, replace

_NAMED: Final = 10
"""How many names a message has at most."""


@dataclass(frozen=True, slots=True)
class MappingRule:
    """What an entity is generated from, and by which rule."""

    entity: str
    source: str
    rule: str


MAPPING = (
    MappingRule(
        "Component",
        "a service: its folders in all environments and repositories, or an item of an app list",
        "named after the folder; description from Chart.yaml; tags from its keywords",
    ),
    MappingRule(
        "Component",
        "what Argo CD, Flux, Kustomize, helmfile or Fleet deploys besides charts of the repository",
        "named by its release or Application without the environment, else after its folder",
    ),
    MappingRule(
        "Component of type `library`",
        "a library chart, the default chart of an app list, or a chart that others share",
        "shared: two or more list it by `file://`, or one whose Applications it renders; nothing deploys it",
    ),
    MappingRule(
        "Component of type `app-of-apps`",
        "a folder that contains an app list or renders Argo CD Applications",
        "with its own templates or a shared chart's; no relations to its apps",
    ),
    MappingRule(
        "Component of type `third-party`",
        "a chart that only wraps charts from elsewhere, or a release of one",
        "no templates of its own; a generic chart (three or more services use it under other names) doesn't count",
    ),
    MappingRule(
        "Component of type `job`",
        "CronJobs or Jobs, and what they need",
        "the templates contain nothing else, or the values have a cron expression",
    ),
    MappingRule("Component of type `configuration`", "manifests without a workload", "with or without a chart"),
    MappingRule(
        "System",
        "an umbrella chart: it lists two or more deployments of the repository",
        "the listed folders are its members; without any, it is a Component",
    ),
    MappingRule("System", "a tenant folder: `tenant/app/01-dev`", "the apps in it are its members"),
    MappingRule(
        "Resource of type database, cache, queue, search or bucket",
        "a dependency on the chart of a known backing service",
        "only if the folder's values enable its `condition` and `tags`; named `<folder>-<alias>`",
    ),
    MappingRule(
        "Resource of type `deployment`",
        "a service in one environment",
        "only with `environments.entities: resources`; named `<service>-<environment>`; depends on the Component",
    ),
    MappingRule("Resource of type `kubernetes-cluster`", "`cluster` in the settings", "the Components depend on it"),
    MappingRule("API", "an OpenAPI, AsyncAPI, GraphQL or proto file in the folder", "with the whole definition"),
    MappingRule("Group, User", "owners that the repository names", "only with `owners: emit`"),
    MappingRule(
        "any",
        "a hand-written catalog-info.yaml or catalog-info.part.yaml",
        "merged with the generated entity, or passed through",
    ),
)


@dataclass(frozen=True, slots=True)
class MappedService:
    """A service and its entities: the first is the Component or System itself.

    `ours` are those that the export generates, the others are only in a hand-written file. `left_out`: Backstage
    reads this folder's own catalog-info.yaml: its entities are known, not emitted. `elsewhere`: nor are these, which
    Backstage has from elsewhere. `face` is what the rules for other services may know of it, where that isn't all.
    """

    service: DeployedService
    entities: tuple[Entity, ...]
    ours: frozenset[EntityRef] = frozenset()
    left_out: bool = False
    elsewhere: frozenset[EntityRef] = frozenset()
    face: DeployedService | None = None

    @property
    def shown(self) -> DeployedService:
        """What the rules for other services may know of it."""
        return self.face or self.service

    @property
    def emitted(self) -> tuple[Entity, ...]:
        """The entities that will be emitted."""
        return () if self.left_out else tuple(each for each in self.entities if each.ref not in self.elsewhere)

    @property
    def main(self) -> Entity:
        """The Component or System."""
        return self.entities[0]


@dataclass(frozen=True, slots=True)
class Mapped:
    """The result of phase `mapped`: services with their entities, and entities that belong to no one service.

    `rules` are what they were mapped by, where they know of each other no more than their faces. `elsewhere` are the
    entities that are not emitted, because Backstage has them from elsewhere.
    """

    services: tuple[MappedService, ...]
    shared: tuple[Entity, ...]
    roles: Roles
    findings: tuple[Finding, ...] = ()
    elsewhere: tuple[Entity, ...] = ()
    rules: Mapper | None = None

    @property
    def entities(self) -> tuple[Entity, ...]:
        """All entities that will be emitted."""
        return (*(entity for each in self.services for entity in each.emitted), *self.shared)


@dataclass(frozen=True, slots=True)
class MappedPart:
    """Of some services what is in a `MappedService` besides the service: the first three fields; and what was found."""

    services: tuple[tuple[tuple[Entity, ...], frozenset[EntityRef], bool], ...]
    findings: tuple[Finding, ...]
    renamed: Mapping[EntityRef, EntityRef]


Share: TypeAlias = Callable[
    [Callable[[Sequence[DeployedService]], MappedPart], Sequence[DeployedService]], Iterable[MappedPart]
]
"""Has services mapped in parts, one after the other."""


def map_services(
    services: Sequence[DeployedService],
    repositories: Sequence[RepositoryContents],
    roles: Roles,
    *,
    by_faces: bool = False,
    share: Share = lambda work, services: [work(services)],
) -> Mapped:
    """The entities of all services; they may know of each other no more than their faces."""
    shown = [service.face for service in services] if by_faces else services
    mapper = Mapper.of(shown, roles)
    mapped: list[MappedService] = []
    for part in share(mapper.part, services):
        of = services[len(mapped) : len(mapped) + len(part.services)]
        mapped += [MappedService(service, *each) for service, each in zip(of, part.services, strict=True)]
        mapper.findings.extend(part.findings)
        mapper.renamed.update(part.renamed)
    if by_faces:
        mapped = [replace(each, face=face) for each, face in zip(mapped, shown, strict=True)]
    shared = [*clusters(repositories), *tenants(shown)]
    if any(contents.settings.emit_owners for contents in repositories):
        shared.extend(owner_entities([*(entity for each in mapped for entity in each.entities), *shared]))
    for service in services:
        mapper.findings.extend(mapper.notes(service))
    if mapper.renamed:
        mapped = [replace(each, entities=tuple(map(mapper.with_new_names, each.entities))) for each in mapped]
    return Mapped(tuple(mapped), tuple(shared), roles, tuple(mapper.findings), rules=mapper if by_faces else None)


def _changed_tags(service: DeployedService) -> Iterator[Finding]:
    """Keywords that can't be tags as they are."""
    keywords = {word for folder in service.folders if folder.chart for word in folder.chart.keywords if word}
    changed = [(word, as_tag(word)) for word in sorted(keywords) if as_tag(word) != word]
    if words := ", ".join(f"{word!r} becomes {tag!r}" if tag else f"{word!r} is dropped" for word, tag in changed):
        message = f"some keywords of {service.name} are not valid tags: {words}"
        remedy = "Write keywords in lower case and with hyphens to have them unchanged as tags."
        yield Finding("info", "tag-changed", message, service.members[0].place, remedy)


@dataclass(frozen=True, slots=True)
class Mapper:
    """The rules for one service, with what they have to know of all services."""

    roles: Roles
    applications: LabelUse
    workloads: LabelUse
    names: Mapping[tuple[str, str], str]
    generic_charts: frozenset[str]
    systems: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    renamed: dict[EntityRef, EntityRef] = field(default_factory=dict)

    @classmethod
    def of(cls, services: Sequence[DeployedService], roles: Roles) -> Mapper:
        """The rules for these services."""
        mapper = cls(
            roles,
            LabelUse.of(map(application_labels, services)),
            LabelUse.of(map(workload_labels, services)),
            {
                (member.contents.facts.name, folder.path): service.name
                for service in services
                for member in service.members
                for folder in member.folders
            },
            generic_charts(services),
        )
        systems = map(mapper.system_of, services) if roles.umbrellas else ()  # nobody else asks for them
        return replace(mapper, systems=frozenset(filter(None, systems)))

    def part(self, services: Sequence[DeployedService]) -> MappedPart:
        """Some services, with what is found meanwhile."""
        alone = replace(self, findings=[], renamed={})
        mapped = map(alone.service, services)
        parts = tuple((each.entities, each.ours, each.left_out) for each in mapped)
        return MappedPart(parts, tuple(alone.findings), alone.renamed)

    def service(self, service: DeployedService) -> MappedService:
        """The service with its entities."""
        owner, system = owner_of(service), self.system_of(service)
        umbrella = self.roles.is_umbrella(service) and service.name in self.systems
        main = self._main(service, owner, "" if umbrella else system, umbrella=umbrella)
        if umbrella:
            system = service.name
        entities = [main, *backing_resources(service, owner, system), *apis(service, owner, system)]
        if any(member.contents.settings.resources for member in service.members) and not umbrella:
            entities.extend(deployments(service, owner, system))
        entities = [self._without_credentials(entity) for entity in entities]
        written = [entity for folder in service.folders for entity in folder.handwritten]
        read_by_backstage = bool(written) and any(folder.has_handwritten for folder in service.folders)
        left_out = read_by_backstage and service.members[0].contents.settings.leave_out_handwritten
        combined, findings = combine(entities, written)
        self.findings.extend(findings)
        if combined[0].ref != main.ref:
            self.renamed[main.ref] = combined[0].ref
        ours = frozenset(entity.ref for entity in (combined[0], *entities[1:]))
        return MappedService(service, combined, ours, left_out)

    def notes(self, service: DeployedService) -> Iterator[Finding]:
        """What people would want to know of a service, besides what is wrong with its entities."""
        yield from (*disagreements(service), *_changed_tags(service), *self.unproven(service))

    def with_new_names(self, entity: Entity) -> Entity:
        """The entity, referring to services by the names that people gave them."""
        return replace(entity, document=rename_references(entity.document, self.renamed))

    def _without_credentials(self, entity: Entity) -> Entity:
        document, findings = drop_credentials(entity.document, lambda _path: entity.place)
        self.findings.extend(findings)
        return replace(entity, document=document) if findings else entity

    def types(self, service: DeployedService) -> Iterator[Evidence]:
        """`types_of` the service."""
        return types_of(service, self.roles, self.generic_charts)

    def annotations(self, service: DeployedService) -> dict[str, Evidence]:
        """`annotation_evidence` of the service."""
        return annotation_evidence(service, self.applications, self.workloads)

    def _main(self, service: DeployedService, owner: str, system: str, *, umbrella: bool) -> Entity:
        charts = [folder.chart for folder in service.folders if folder.chart]
        override = service.override
        description = override.description or next((chart.description for chart in charts if chart.description), "")
        tags = {tag for chart in charts for word in chart.keywords if (tag := as_tag(word))} | set(override.tags)
        metadata: dict[str, Json] = {
            "title": override.title if override.title != service.name else "",
            "description": description,
            "labels": dict(sorted(override.labels.items())),
            "annotations": {name: each.value for name, each in self.annotations(service).items()},
            "tags": sorted(tags),
            "links": list(override.links),
        }
        place = service.members[0].place
        if umbrella:
            return build_entity("System", service.name, metadata, {"owner": owner}, place)
        spec = {
            "type": next((each.value for each in self.types(service) if each.value), SERVICE),
            "lifecycle": lifecycle_of(service),
            "owner": owner,
            "system": system,
        }
        return build_entity("Component", service.name, metadata, spec, place)

    def unproven(self, service: DeployedService) -> Iterator[Finding]:
        """A note about Applications that have several names and no label by which Backstage could show all of them."""
        applications = [each.application for each in service.deployments if each.application]
        names = sorted({each.name for each in applications})
        if len(names) > 1 and not self.applications.selector([each.labels for each in applications]):
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            yield Finding(
                "info",
                "applications-without-label",
                f"the Argo CD Applications of {service.name} share no label that is theirs alone: "
                f"{', '.join(names[:_NAMED])}{more}",
                service.members[0].place,
                f"Give them the label `app.kubernetes.io/name: {service.name}`; then Backstage shows all of them.",
            )

    def system_of(self, service: DeployedService) -> str:
        """The System of a service, or an empty string."""
        return next((each.value for each in self.systems_of(service)), "")

    def systems_of(self, service: DeployedService) -> Iterator[Evidence]:
        """All that says which System a service belongs to, the best in front: settings, its umbrella, its tenant."""
        if service.override.system:
            yield overridden(service, "system", service.override.system)
        for member in service.members:
            repository = member.contents.facts.name
            if configured := member.contents.settings.system_of(member.path):
                yield Evidence(configured, "`systems` in the settings", repository, (FILE_NAME,), ("systems",))
            for folder in member.folders:
                umbrella = self.roles.umbrella_of.get((repository, folder.path))
                if umbrella is not None:
                    name = self.names.get((repository, umbrella), "")
                    charts = (posixpath.join(umbrella, CHART_FILE), posixpath.join(umbrella, "requirements.yaml"))
                    called = dependency_called(folder.chart.name) if folder.chart else ""
                    yield Evidence(name, "the umbrella chart that lists it", repository, charts, pattern=called)
            if member.tenant:
                yield Evidence(member.tenant_name, "its tenant folder", repository, (member.tenant,))
