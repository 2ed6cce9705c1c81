"""Entities that exist elsewhere in the catalog, as a person or Backstage's API lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scenedock.documents.reading import BACKSTAGE, DocumentError, read_documents
from scenedock.errors import InputError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import Json


def read_known(data: bytes, *, label: str) -> frozenset[EntityRef]:
    """The references in a YAML or JSON file: entities, lists of entities or of references; `label` names the file.

    Raises
    ------
    InputError   it is not YAML, or something in it is neither an entity nor a reference
    """
    try:
        documents = read_documents(data, meaning=BACKSTAGE)
    except DocumentError as error:
        raise InputError(f"{label}:{error.line or 1}: {error}") from error
    refs: set[EntityRef] = set()
    for document in documents:
        try:
            refs.update(_refs(document.value))
        except ValueError as error:
            raise InputError(f"{label}:{document.line}: {error}") from error
    return frozenset(refs)


def _refs(value: Json) -> Iterator[EntityRef]:
    if isinstance(value, str):
        yield EntityRef.parse(value, default_kind="component")
    elif isinstance(value, list):
        for item in value:
            yield from _refs(item)
    elif isinstance(value, Mapping) and Entity(value).kind and Entity(value).name:
        yield Entity(value).ref
    else:
        raise ValueError("expected entities, or references of the form [kind:][namespace/]name")
