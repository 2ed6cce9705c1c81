"""Values that come from other files: `definition: {$text: ./openapi.yaml}`.

Source of the rules: Backstage, "Substitutions In The Descriptor Format", and its `PlaceholderProcessor`, which
inserts the files' contents before an entity is validated, but after its kind, name and namespace are.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from scenedock.documents.problems import shown
from scenedock.documents.reading import BACKSTAGE, read_document
from scenedock.model.json import Json, JsonObject, as_list, as_object

# The catalog's own resolvers, and those of its OpenAPI module.
_READ_AS_TEXT = frozenset({"$text", "$openapi", "$asyncapi"})
_READ_AS_DATA = frozenset({"$json", "$yaml"})

_Path = tuple[str | int, ...]


class Placeholder(NamedTuple):
    """Where it stands, how the file is read (`$text`), and the file or URL that it names."""

    path: _Path
    resolver: str
    target: str

    def mismatch(self, expected: Collection[str]) -> str:
        """Why nothing that it inserts has one of the JSON types that are expected there; empty if something has.

        (A file that `$yaml` reads may hold a mere string, but hardly does.)
        """
        if self.resolver in _READ_AS_DATA and set(expected) == {"string"}:
            return f"must be a string, but {self.resolver} inserts an object or a list; write $text"
        if self.resolver in _READ_AS_TEXT and "string" not in expected:
            return f"must not be a string, but {self.resolver} inserts one; write $yaml"
        return ""


def placeholders_of(entity: JsonObject) -> Iterator[Placeholder]:
    """The placeholders of an entity."""
    metadata = {
        key: value for key, value in as_object(entity.get("metadata")).items() if key not in {"name", "namespace"}
    }
    for key, value in metadata.items():
        yield from _placeholders_in(value, ("metadata", key))
    yield from _placeholders_in(entity.get("spec"), ("spec",))


def with_files(entity: JsonObject, read: Callable[[str], bytes | None]) -> JsonObject:
    """The entity with the contents of files beside it, where `read` has one; URLs stay as they are.

    Raises
    ------
    ValueError   a file isn't there, or can't be read
    """
    result = entity
    for each in placeholders_of(entity):
        if "://" not in each.target:
            data = read(posixpath.normpath(each.target))
            if data is None:
                raise ValueError(f"{shown(each.path)} refers to {each.target!r}, which isn't in the folder")
            result = insert(result, each, data)
    return result


def insert(entity: JsonObject, placeholder: Placeholder, data: bytes) -> JsonObject:
    """The entity with the content of a file in the place of one of its placeholders.

    Raises
    ------
    ValueError   the content can't be read
    """
    return as_object(_replaced(entity, placeholder.path, data))


def _replaced(value: Json, path: _Path, data: bytes) -> Json:
    if isinstance(value, Mapping):
        if not path:
            return _content(next(iter(value)), data)
        return {key: _replaced(item, path[1:], data) if key == path[0] else item for key, item in value.items()}
    items = as_list(value)
    return [_replaced(item, path[1:], data) if index == path[0] else item for index, item in enumerate(items)]


def _content(resolver: str, data: bytes) -> Json:
    if resolver in _READ_AS_DATA:
        return read_document(data, meaning=BACKSTAGE).value
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("a file that it refers to is not valid UTF-8") from None


def _placeholders_in(value: Json, path: _Path) -> Iterator[Placeholder]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _placeholders_in(item, (*path, index))
    elif isinstance(value, Mapping):
        if not any(key.startswith("$") for key in value):
            for key, item in value.items():
                yield from _placeholders_in(item, (*path, key))
        elif len(value) == 1:
            ((key, target),) = value.items()
            if key in _READ_AS_TEXT | _READ_AS_DATA and isinstance(target, str):
                yield Placeholder(path, key, target)
