"""The catalog as it is kept, put into words and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import to_builtins

from scenedock.catalog.comparing.memory import CatalogMemory, memory_of
from scenedock.catalog.emitting.feed import INDEX, ComponentLine, Feed
from scenedock.catalog.explaining.coverage import Coverage, Missing
from scenedock.catalog.reading.entity_files import read_entities
from scenedock.errors import InputError
from scenedock.model.addresses import without_credentials
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place, Reason
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.structs import dataclass, field

_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class CatalogHead:
    """What is asked of people and what they have said, by repository; as digests, as in `CatalogMemory`.

    `elsewhere` are the references that Backstage had from elsewhere, `links` the text of its `ServiceLinks`.
    """

    repositories: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    links: str = ""


def write_record(
    feed: Feed, memory: CatalogMemory, repositories: Sequence[str], elsewhere: Sequence[str] = (), links: str = ""
) -> KeptCatalog:
    """The texts of a catalog."""
    kept = {
        "files": {name: data.decode() for name, data in feed.files.items()},
        "by_kind": dict(feed.by_kind),
        "findings": [to_builtins(finding) for finding in feed.findings],
        "components": [to_builtins(line) for line in feed.components],
        "reasons": [to_builtins(reason) for reason in feed.reasons],
        "coverage": [to_builtins(each) for each in feed.coverage],
    }
    remembered = {
        "entities": [[each.document, each.place.repository, each.place.path] for each in memory.entities],
        "names": memory.names,
    }
    head = CatalogHead(tuple(repositories), memory.refused, memory.accepted, tuple(elsewhere), links)
    return KeptCatalog(write_head(head), json.dumps(kept), json.dumps(remembered))


def write_head(head: CatalogHead) -> str:
    """The text of a head."""
    return json.dumps({"version": _VERSION, **to_builtins(head)})


def read_head(kept: KeptCatalog) -> CatalogHead:
    """What a kept catalog says of people's decisions; nothing where it says nothing that this release understands."""
    try:
        head = json.loads(kept.head)
        elsewhere = tuple(map(str, head.get("elsewhere", ())))
        refused, accepted = dict(head["refused"]), dict(head["accepted"])
        return CatalogHead(tuple(head["repositories"]), refused, accepted, elsewhere, str(head.get("links", "")))
    except (ValueError, KeyError, TypeError):
        return CatalogHead()


def read_feed(kept: KeptCatalog) -> Feed | None:
    """What is served of a kept catalog; None where this release can't read it.

    Release 0.1.0, which wrote no head, kept addresses with the credentials that a repository had in them.
    """
    clean = without_credentials if not kept.head else str
    try:
        found = json.loads(kept.feed)
        return Feed(
            files={name: clean(text).encode() for name, text in found["files"].items()},
            by_kind=found["by_kind"],
            findings=tuple(Finding(**{**each, "place": Place(**each["place"])}) for each in found["findings"]),
            components=tuple(ComponentLine(**each) for each in found["components"]),
            reasons=tuple(Reason(**each) for each in found.get("reasons", ())),
            coverage=tuple(map(_coverage, found.get("coverage", ()))),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _coverage(found: Any) -> Coverage:
    missing = tuple(Missing(**{**each, "place": Place(**each["place"])}) for each in found["missing"])
    return Coverage(**{**found, "missing": missing})


def read_memory(kept: KeptCatalog) -> CatalogMemory:
    """What is remembered of a kept catalog; of one without a memory, what its files say; nothing if nobody can read it.

    Places that a file doesn't say lack their repositories.
    """
    head = read_head(kept)
    try:
        found: Any = json.loads(kept.memory) if kept.memory else None
        if found is not None:
            entities = tuple(Entity(document, Place(*place)) for document, *place in found["entities"])
            return CatalogMemory(entities, found["names"], head.refused, head.accepted)
    except (ValueError, KeyError, TypeError):
        pass
    feed = read_feed(kept)
    return memory_of(_entities_of(feed)) if feed else CatalogMemory()


def _entities_of(feed: Feed) -> tuple[Entity, ...]:
    """The entities that the files of a feed have, those of Components with their repositories."""
    repositories = {line.name: line.repository for line in feed.components}
    try:
        read = [
            entity
            for name, data in sorted(feed.files.items())
            if name != INDEX
            for entity in read_entities(data, label=name)
        ]
    except InputError:
        return ()
    return tuple(
        Entity(each.document, Place(repositories.get(each.name, "") if each.kind == "Component" else ""))
        for each in read
    )
