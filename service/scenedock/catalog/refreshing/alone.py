"""A service is mapped alone, by the rules and the index of the whole catalog as it was mapped last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scenedock.catalog.mapping.annotations import LabelUse
from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.mapping.entities import Mapped, Mapper
from scenedock.catalog.mapping.links import Graph, LinkIndex
from scenedock.catalog.mapping.policies import police_alone
from scenedock.catalog.mapping.services import DeployedService
from scenedock.catalog.vocabulary.owners import UNKNOWN, Codeowners
from scenedock.catalog.vocabulary.relations import references_of
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding
from scenedock.structs import dataclass, replace


@dataclass(frozen=True, slots=True)
class CatalogIndex:
    """What a service is mapped with besides its folders: made of the faces of all services, and of the rest.

    `repositories` have what is read besides folders, as far as mapping needs it. `by_folder`: of what CODEOWNERS says,
    only the owners of folders are used.
    """

    repositories: Mapping[str, RepositoryContents]
    rules: Mapper
    links: LinkIndex
    by_folder: bool

    @classmethod
    def of(cls, repositories: Sequence[RepositoryContents], mapped: Mapped) -> CatalogIndex | None:
        """The index of a catalog; None of one whose services have known more of each other than their faces.

        There is none either where an entity depends on entities of others in ways that a face doesn't tell: for their
        owners entities are emitted, references are checked, or something comes from elsewhere.
        """
        settings = [contents.settings for contents in repositories]
        if mapped.rules is None or mapped.elsewhere or any(each.emit_owners or each.known for each in settings):
            return None
        slim = {
            each.facts.name: RepositoryContents(each.facts, each.settings, each.codeowners, decided=each.decided)
            for each in repositories
        }
        tenants = any(member.tenant for each in mapped.services for member in each.service.members)
        by_folder = not tenants and not any(contents.units for contents in repositories)
        return cls(slim, replace(mapped.rules, findings=[]), LinkIndex.of(mapped.services), by_folder)

    @property
    def tables(self) -> dict[str, Mapping[Any, Any]]:
        """What grows with the catalog, and is only ever asked for a few keys."""
        rules, links = self.rules, self.links
        return {
            "names": rules.names,
            "applications": rules.applications.counts,
            "workloads": rules.workloads.counts,
            "folders": links.folders,
            "hosts": links.names,
            "namespaces": links.namespaces,
            "ingress": links.ingress,
        }

    def with_tables(self, tables: Mapping[str, Mapping[Any, Any]]) -> CatalogIndex:
        """The index with other tables."""
        rules = replace(
            self.rules,
            names=tables["names"],
            applications=LabelUse(tables["applications"]),
            workloads=LabelUse(tables["workloads"]),
        )
        links = LinkIndex(tables["folders"], tables["hosts"], tables["namespaces"], tables["ingress"])
        return replace(self, rules=rules, links=links)

    def with_codeowners(self, repository: str, data: bytes) -> tuple[CatalogIndex, set[str]] | None:
        """The index with another CODEOWNERS of a repository, and the services that have other owners by it.

        None where more than these may depend on it, or there is something to say of the file.
        """
        contents = self.repositories[repository]
        before, names = contents.codeowners, contents.settings.owner_names
        now = Codeowners.read(data.decode("utf-8", "replace"), names, path=before.path)
        if not self.by_folder or before.problems or now.problems:
            return None
        services = {
            service
            for (name, path), service in self.rules.names.items()
            if name == repository and before.owner_of(path) != now.owner_of(path)
        }
        repositories = {**self.repositories, repository: replace(contents, codeowners=now)}
        return replace(self, repositories=repositories), services

    def map_alone(self, service: DeployedService) -> MappedAlone | None:
        """The entities of a service as they are emitted, and what there is to say of them; None if none may be."""
        rules = replace(self.rules, findings=[], renamed={})
        mapped = rules.service(service)
        if self.rules.renamed:
            mapped = replace(mapped, entities=tuple(map(self.rules.with_new_names, mapped.entities)))
        notes = (*rules.findings, *rules.notes(service))
        passed, refused = police_alone(mapped)
        if passed is None:
            return None
        linked = Graph(Mapped((), (), rules.roles), self.links).linked(passed)
        return MappedAlone(_face(service), rules.renamed, linked.entities, linked.left_out, (*notes, *refused))


@dataclass(frozen=True, slots=True)
class MappedAlone:
    """A service that was mapped alone: its face, the name that a person gave it, its entities, and what was found.

    `left_out` is as in `MappedService`.
    """

    face: DeployedService
    renamed: Mapping[EntityRef, EntityRef]
    entities: tuple[Entity, ...]
    left_out: bool
    findings: tuple[Finding, ...]

    @property
    def emitted(self) -> tuple[Entity, ...]:
        """The entities that are emitted."""
        return () if self.left_out else self.entities

    def is_the_same_to_others(self, now: MappedAlone) -> bool:
        """Whether nothing of another service can be otherwise with what it is now, and nothing would vanish.

        Where its relations are others, there may be other cycles.
        """
        mine, new = self.entities, now.entities
        return (
            self.face == now.face
            and (self.renamed, self.left_out) == (now.renamed, now.left_out)
            and [each.ref for each in mine] == [each.ref for each in new]
            and [(each.kind, each.place) for each in mine] == [(each.kind, each.place) for each in new]
            and all(map(_is_alike, mine, new))
        )

    @property
    def relations(self) -> tuple[tuple[EntityRef, str], ...]:
        """The relations of its entities as they are written, but for owners."""
        return tuple(
            (each.ref, f"{reference.path} {reference.text}")
            for each in self.entities
            for reference in references_of(each.document)
            if reference.path != ("spec", "owner")
        )


def _face(service: DeployedService) -> DeployedService:
    """Its face; what owners a file names besides is nobody else's."""
    face = service.face
    bare = (replace(member, contents=replace(member.contents, codeowners=Codeowners())) for member in face.members)
    return replace(face, members=tuple(bare))


def _is_alike(before: Entity, now: Entity) -> bool:
    """Whether two have the same type; another owner is as good, but not an unknown one instead."""
    has_owner = now.spec.get("owner") != UNKNOWN or before.spec.get("owner", UNKNOWN) == UNKNOWN
    return has_owner and before.spec.get("type") == now.spec.get("type")
