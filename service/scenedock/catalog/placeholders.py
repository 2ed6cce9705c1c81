"""Values that stand in other files: `definition: {$text: ./openapi.yaml}`.

Source of the rules: Backstage, "Substitutions In The Descriptor Format", and its `PlaceholderProcessor`, which puts the
files' contents in before an entity is judged, but after its kind, name and namespace are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scenedock.model.json import Json, JsonObject, as_object

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
