"""Values that come from other files: `definition: {$text: ./openapi.yaml}`.

Source of the rules: Backstage, "Substitutions In The Descriptor Format", and its `PlaceholderProcessor`, which
inserts the files' contents before an entity is validated, but after its kind, name and namespace are.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping

from scenedock.documents.reading import BACKSTAGE, read_document
from scenedock.model.json import Json, JsonObject, as_list, as_object

RESOLVERS = frozenset({"$text", "$json", "$yaml", "$openapi", "$asyncapi"})
"""The catalog's own, and those of its OpenAPI module."""

_Path = tuple[str | int, ...]


def placeholders_of(entity: JsonObject) -> Iterator[tuple[_Path, str]]:
    """The path of each placeholder, and the file or URL that it names."""
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
    result: Json = entity
    for path, target in placeholders_of(entity):
        if "://" not in target:
            name = posixpath.normpath(target)
            data = read(name)
            if data is None:
                raise ValueError(f"{'.'.join(map(str, path))} refers to {target!r}, which isn't in the folder")
            result = _replaced(result, path, data)
    return as_object(result)


def _replaced(value: Json, path: _Path, data: bytes) -> Json:
    if isinstance(value, Mapping):
        if not path:
            return _content(next(iter(value)), data)
        return {key: _replaced(item, path[1:], data) if key == path[0] else item for key, item in value.items()}
    items = as_list(value)
    return [_replaced(item, path[1:], data) if index == path[0] else item for index, item in enumerate(items)]


def _content(resolver: str, data: bytes) -> Json:
    if resolver in {"$json", "$yaml"}:
        return read_document(data, meaning=BACKSTAGE).value
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("a file that it refers to is not valid UTF-8") from None


def _placeholders_in(value: Json, path: _Path) -> Iterator[tuple[_Path, str]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _placeholders_in(item, (*path, index))
    elif isinstance(value, Mapping):
        if not any(key.startswith("$") for key in value):
            for key, item in value.items():
                yield from _placeholders_in(item, (*path, key))
        elif len(value) == 1:
            ((key, target),) = value.items()
            if key in RESOLVERS and isinstance(target, str):
                yield path, target
