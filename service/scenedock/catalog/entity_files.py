"""Files of entities in every shape that they come in: ours, a person's, Backstage's answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from scenedock.documents.reading import BACKSTAGE, read_documents
from scenedock.errors import InputError
from scenedock.model.entity import Entity
from scenedock.model.json import Json, as_list

# A whole catalog may stand in one file: this is room for some 50,000 entities.
MAX_BYTES = 64 * 1024 * 1024


def read_entities(data: bytes, *, label: str) -> tuple[Entity, ...]:
    """The entities of a YAML, JSON or JSON lines file, or of a saved answer of Backstage's API (`{"items": […]}`).

    Raises
    ------
    InputError   it is none of these, or something in it has no kind and name; `label` names the file
    """
    try:
        return tuple(entity for value in _values(data) for entity in _entities(value))
    except ValueError as error:
        raise InputError(f"{label}: {error}") from error
    except InputError as error:
        line = getattr(error, "line", None)
        raise InputError(f"{label}:{line}: {error}" if line else f"{label}: {error}") from error


def _values(data: bytes) -> Iterator[Json]:
    text = data.lstrip()
    if not text.startswith((b"[", b"{")):
        yield from (document.value for document in read_documents(data, meaning=BACKSTAGE, max_bytes=MAX_BYTES))
        return
    try:
        yield json.loads(text)
    except json.JSONDecodeError:
        yield from (json.loads(line) for line in text.splitlines() if line)


def _entities(value: Json) -> Iterator[Entity]:
    if isinstance(value, Mapping) and "items" in value and "kind" not in value:
        value = as_list(value["items"])
    if isinstance(value, list):
        for item in value:
            yield from _entities(item)
    elif isinstance(value, Mapping) and Entity(value).kind and Entity(value).name:
        yield Entity(value)
    else:
        raise ValueError("expected entities, each with kind and metadata.name")
