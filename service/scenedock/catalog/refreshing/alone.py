"""A service is mapped alone, by the rules and the index of the whole catalog as it was mapped last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.mapping.entities import Mapped, Mapper
from scenedock.catalog.mapping.links import Graph, LinkIndex
from scenedock.catalog.mapping.policies import police_alone
from scenedock.catalog.mapping.services import DeployedService
from scenedock.catalog.vocabulary.owners import UNKNOWN
from scenedock.catalog.vocabulary.relations import references_of
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding


@dataclass(frozen=True, slots=True)
class CatalogIndex:
    """What a service is mapped with besides its folders: made of the faces of all services, and of the rest.

    `repositories` have what is read besides folders, as far as mapping needs it.
    """

    repositories: Mapping[str, RepositoryContents]
    rules: Mapper
    links: LinkIndex

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
        return cls(slim, replace(mapped.rules, findings=[]), LinkIndex.of(mapped.services))

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
        return MappedAlone(service.face, rules.renamed, linked.entities, linked.left_out, (*notes, *refused))


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
        """Whether nothing of another service, nor of the whole catalog, can be otherwise with what it is now."""
        mine, new = self.entities, now.entities
        return (
            self.face == now.face
            and (self.renamed, self.left_out) == (now.renamed, now.left_out)
            and [each.ref for each in mine] == [each.ref for each in new]
            and [(each.kind, each.place) for each in mine] == [(each.kind, each.place) for each in new]
            and all(map(_is_alike, mine, new))
        )


def _is_alike(before: Entity, now: Entity) -> bool:
    """Whether two have the same type and relations; another owner is as good, but not an unknown one instead."""
    return (
        before.spec.get("type") == now.spec.get("type")
        and list(_relations(before)) == list(_relations(now))
        and (now.spec.get("owner") != UNKNOWN or before.spec.get("owner", UNKNOWN) == UNKNOWN)
    )


def _relations(entity: Entity) -> Iterator[tuple[object, ...]]:
    for reference in references_of(entity.document):
        if reference.path != ("spec", "owner"):
            yield reference.path, reference.text, bool(reference.fault)
        elif reference.fault:
            yield "owner", reference.text
