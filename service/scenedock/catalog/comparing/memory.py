"""What is remembered of a catalog: its last good entities with where each came from, and the names that were given."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from scenedock.catalog.vocabulary.formats import as_entity_name, key_in_folder
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject, as_object, as_text
from scenedock.structs import dataclass, field, replace

_SOURCE = "backstage.io/source-location"
_PATH = "scenedock.dev/path"
_MAIN_KINDS = frozenset({"Component", "System"})


@dataclass(frozen=True, slots=True)
class CatalogMemory:
    """The last good result. The place of an entity names its repository, and a path in the folder that it came from.

    `names` are those of services, by repository and path: of their folders, and of the folders that hold these; where a
    folder has several, by `key_in_folder`.
    `refused` says for each repository, as a digest, what would have to be allowed; `accepted`, what was.
    """

    entities: tuple[Entity, ...] = ()
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)


def memory_of(entities: Iterable[Entity]) -> CatalogMemory:
    """What entities say themselves: the output of an earlier run is a memory, too.

    A name that isn't made of the path was given by a person, or is that of one of several services in a folder.
    """
    kept = tuple(entities)
    names: dict[str, dict[str, str]] = {}
    for entity in filter(is_main, kept):
        if path := path_of(entity):
            key = path if entity.name.lower() in _names_from(path) else key_in_folder(path, entity.name)
            names.setdefault(entity.place.repository, {})[key] = entity.name
    return CatalogMemory(kept, names)


def _names_from(path: str) -> set[str]:
    parts = path.split("/")
    return {as_entity_name("-".join(parts[start:])).lower() for start in range(len(parts))}


def is_main(entity: Entity) -> bool:
    """Whether this is the Component or System of a service."""
    return entity.kind in _MAIN_KINDS


def path_of(entity: Entity) -> str | None:
    """The folder of a service by the annotation of its Component or System, relative to the root of its repository."""
    path = as_text(_annotations(entity).get(_PATH))
    return ("" if path == "." else path) if path else None


def folder_of(entity: Entity) -> str | None:
    """The folder that an entity came from; None where that isn't known."""
    path = path_of(entity)
    return path if path is not None else posixpath.dirname(entity.place.path) or None


def attribute(
    entities: Sequence[Entity], fresh: Mapping[EntityRef, Entity], addresses: Mapping[str, str]
) -> tuple[Entity, ...]:
    """The entities, each with the name of its repository, which a file doesn't say.

    It is that of the `fresh` entity of the same reference, else the one in whose address its source lies: of those in
    `addresses` (by name; empty where one isn't known), or else that address itself, because that repository isn't
    listed any more. One without a source counts with the repository that is listed first.
    """
    sources = {entity.ref: _source_of(entity) for entity in entities}
    homes = {ref: _home_of(source, addresses) for ref, source in sources.items()}
    # An address may have changed: then there is nothing at the new one yet, and the old one is known by what stays.
    moved = {
        _root_of(sources[ref]): fresh[ref].place.repository
        for ref in sources
        if ref in fresh and sources[ref] and fresh[ref].place.repository not in homes.values()
    }
    first = next(iter(addresses), "")

    def repository_of(ref: EntityRef) -> str:
        if ref in fresh:
            return fresh[ref].place.repository
        root = _root_of(sources[ref])
        return homes[ref] or moved.get(root) or (root if all(addresses.values()) else "") or first

    return tuple(
        entity
        if entity.place.repository
        else replace(entity, place=Place(repository_of(entity.ref), entity.place.path, entity.place.line))
        for entity in entities
    )


def _source_of(entity: Entity) -> str:
    return as_text(_annotations(entity).get(_SOURCE)).removeprefix("url:")


def _home_of(source: str, addresses: Mapping[str, str]) -> str:
    """The name of the repository in whose address a source lies, or an empty string."""
    lies_in = (name for name, url in addresses.items() if url and source.startswith((f"{url}/", f"{url}?")))
    return next(lies_in, "")


def _root_of(source: str) -> str:
    """The address of the repository in which a folder lies."""
    for mark in ("/-/tree/", "/tree/", "/src/", "?"):
        source = source.partition(mark)[0]
    return source


def _annotations(entity: Entity) -> JsonObject:
    return as_object(entity.metadata.get("annotations"))
