"""Files of entities in every form: generated ones, hand-written ones, responses of Backstage's API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from scenedock.documents.reading import BACKSTAGE, DocumentError, read_documents
from scenedock.errors import InputError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import Json, as_list

# A whole catalog may stand in one file: this is room for some 50,000 entities.
MAX_BYTES = 64 * 1024 * 1024

_Item = TypeVar("_Item")


def read_entities(data: bytes, *, label: str) -> tuple[Entity, ...]:
    """The entities of a YAML, JSON or JSON lines file, or of a saved response of Backstage's API (`{"items": […]}`).

    Raises
    ------
    InputError   it isn't one of these, or something in it has no kind and name; `label` names the file
    """
    return _read(data, label, _entity)


def read_known(data: bytes, *, label: str) -> tuple[Entity, ...]:
    """What a file has: entities, as `read_entities` takes them, or references, of whose entities nothing else is known.

    Raises
    ------
    InputError   it can't be read, or something in it is neither an entity nor a reference; `label` names the file
    """
    return _read(data, label, _known)


def _read(data: bytes, label: str, make: Callable[[Json], _Item]) -> tuple[_Item, ...]:
    results: list[_Item] = []
    line = 1
    try:
        for begin, value in _values(data):
            line = begin
            results.extend(make(item) for item in _items(value))
    except DocumentError as error:
        raise error.in_file(label) from error
    except (ValueError, InputError) as error:
        raise InputError(f"{label}:{line}: {error}") from error
    return tuple(results)


def _values(data: bytes) -> Iterator[tuple[int, Json]]:
    """Each document, with the line where it begins."""
    text = data.lstrip()
    if not text.startswith((b"[", b"{")):
        documents = read_documents(data, meaning=BACKSTAGE, max_bytes=MAX_BYTES)
        yield from ((document.line, document.value) for document in documents)
        return
    try:
        yield 1, json.loads(text)
    except json.JSONDecodeError:
        yield from ((number, json.loads(line)) for number, line in enumerate(text.splitlines(), start=1) if line)


def _items(value: Json) -> Iterator[Json]:
    if isinstance(value, Mapping) and "items" in value and "kind" not in value:
        value = as_list(value["items"])
    if isinstance(value, list):
        for item in value:
            yield from _items(item)
    else:
        yield value


def _entity(value: Json) -> Entity:
    if isinstance(value, Mapping) and (entity := Entity(value)).kind and entity.name:
        return entity
    raise ValueError("expected entities, each with kind and metadata.name")


def _known(value: Json) -> Entity:
    if isinstance(value, str):
        ref = EntityRef.parse(value, default_kind="component")
        return Entity({"kind": ref.kind, "metadata": {"name": ref.name, "namespace": ref.namespace}})
    try:
        return _entity(value)
    except ValueError:
        raise ValueError("expected entities, or references of the form [kind:][namespace/]name") from None
