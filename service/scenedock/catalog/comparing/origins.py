"""Which entities of an existing catalog come from elsewhere, and what of ours these lack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scenedock.catalog.comparing.memory import path_of
from scenedock.catalog.vocabulary.relations import references_of
from scenedock.catalog.vocabulary.source_urls import FILE_ANNOTATION, FileAddress
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import Json, JsonObject, as_object, as_text
from scenedock.structs import dataclass

ORIGIN = "backstage.io/managed-by-origin-location"
_LOCATION = "backstage.io/managed-by-location"
_FEED = "/api/scenedock/catalog/"
_FILE = re.compile(r"/entities-[0-9a-f]\.yaml\Z")
_NOT_THEIRS = frozenset({"scenedock.dev/path", FILE_ANNOTATION, "backstage.io/techdocs-ref"}) | frozenset(
    f"backstage.io/{name}" for name in ("source-location", "view-url", "edit-url")
)
"""Annotations that say where an entity and its documentation were read: theirs are elsewhere."""


def not_of_feed(entities: Iterable[Entity]) -> frozenset[EntityRef]:
    """The references of what Backstage has, but not from the feed of a Scenedock."""
    return frozenset(each.ref for each in entities if not _is_of_feed(each))


def not_generated(entities: Sequence[Entity]) -> frozenset[EntityRef]:
    """The references of what a catalog has, but not from us: neither from a feed, nor from files that we generated.

    The annotation `scenedock.dev/path` tells a generated Component; all that has the same origin (or none, as
    in the file that an export wrote) was generated, too.
    """
    origins = {origin_of(each) for each in entities if path_of(each) is not None}
    others = [each for each in entities if path_of(each) is None and origin_of(each) not in origins]
    return not_of_feed(others)


def origin_of(entity: Entity) -> str:
    """The Location that an entity was registered with, as Backstage writes it; empty if that isn't known."""
    return as_text(_annotations(entity).get(ORIGIN))


def file_of(entity: Entity) -> FileAddress | None:
    """The file in which an entity is; None if it isn't known, or isn't on a code host."""
    annotations = _annotations(entity)
    location = as_text(annotations.get(_LOCATION)) or as_text(annotations.get(ORIGIN))
    return FileAddress.read(location.removeprefix("url:"))


def _is_of_feed(entity: Entity) -> bool:
    """By the path, or by the file's name: a service has several host names, and proxies change paths, too."""
    location = as_text(_annotations(entity).get(_LOCATION)).partition("?")[0]
    return _FEED in location or _FEED in origin_of(entity) or bool(_FILE.search(location))


@dataclass(frozen=True, slots=True)
class Adoption:
    """An entity that comes from elsewhere, and what of ours its file lacks: a `fragment` of a catalog-info.yaml."""

    there: Entity
    fragment: JsonObject

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations among what it lacks."""
        return {name: as_text(value) for name, value in _annotations(Entity(self.fragment)).items()}


def adoptions(there: Sequence[Entity], ours: Sequence[Entity]) -> tuple[Adoption, ...]:
    """What the others lack of `ours`, sorted by reference; those that lack nothing are left out."""
    theirs = {entity.ref: entity for entity in there}
    pairs = [(theirs[entity.ref], entity) for entity in sorted(ours, key=lambda each: each.ref) if entity.ref in theirs]
    return tuple(Adoption(other, lacking) for other, entity in pairs if (lacking := _lacking(other, entity)))


def _lacking(there: Entity, ours: Entity) -> JsonObject:
    """Annotations, and the APIs that only a Component itself can say it provides; empty if it lacks none."""
    has = _annotations(there)
    missing = {name: value for name, value in _annotations(ours).items() if name not in has and name not in _NOT_THEIRS}
    provided = {each.ref for each in references_of(there.document) if each.path[1] == "providesApis" and not each.fault}
    apis: list[Json] = [
        each.text
        for each in references_of(ours.document)
        if each.path[1] == "providesApis" and each.ref not in provided
    ]
    if not missing and not apis:
        return {}
    name: dict[str, Json] = {key: there.metadata[key] for key in ("name", "namespace") if key in there.metadata}
    metadata: JsonObject = {**name, "annotations": missing} if missing else name
    return {"kind": there.kind, "metadata": metadata, **({"spec": {"providesApis": apis}} if apis else {})}


def _annotations(entity: Entity) -> JsonObject:
    return as_object(entity.metadata.get("annotations"))
