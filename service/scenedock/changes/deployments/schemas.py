"""Values of a deployment against the schemas of its chart and of the library chart that it uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TypeAlias

from scenedock.documents.merging import merge_values
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject, as_list, as_object

Where: TypeAlias = tuple[str, ...]
_MOST = 20
_LONGEST = 300


def problems_of(values: JsonObject, schema: JsonObject, keys: Where = ()) -> Iterator[tuple[Where, str]]:
    """What a schema has against values, each with the keys that lead to it; `keys` are those of the values themselves.

    What a schema refers to elsewhere isn't fetched: then nothing is said, as of what isn't a schema.
    """
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    if not all(map(partial(_is_here, schema), _references(schema))):
        return
    try:
        kind = validator_for(dict(schema))
        kind.check_schema(dict(schema))
    except SchemaError:
        return
    for error in islice(kind(dict(schema)).iter_errors(values), _MOST):
        yield (*keys, *map(str, error.absolute_path)), str(error.message)[:_LONGEST]


def _references(schema: Json) -> Iterator[str]:
    """What a schema refers to, however deep."""
    if isinstance(schema, Mapping):
        for key, below in schema.items():
            if key in {"$ref", "$dynamicRef", "$recursiveRef"} and isinstance(below, str):
                yield below
            else:
                yield from _references(below)
    for each in as_list(schema):
        yield from _references(each)


def _is_here(schema: JsonObject, reference: str) -> bool:
    """Whether a reference leads to a place in the schema."""
    start, *steps = reference.split("/")
    found: Json = schema
    for step in (each.replace("~1", "/").replace("~0", "~") for each in steps):
        if not isinstance(found, Mapping) or step not in found:
            return False
        found = found[step]
    return start == "#"


def schema_in(data: bytes, path: str) -> JsonObject:
    """The schema in a file.

    Raises
    ------
    InputError   it isn't JSON
    """
    try:
        return as_object(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: the schema isn't JSON: {error}") from None


def values_for(library: JsonObject, values: JsonObject, key: str) -> JsonObject:
    """What a chart that a chart uses under a key gets: its own values with those of the chart, and the global ones."""
    given = merge_values(library, as_object(values.get(key)))
    shared = as_object(values.get("global"))
    return {**given, "global": merge_values(as_object(given.get("global")), shared)} if shared else given


def refusal(problems: Sequence[tuple[Where, str]], place_of: Callable[[Where], str]) -> str:
    """The problems in one text, each with its key and the line that has the value."""
    return "; ".join(f"{'.'.join(keys) or 'the values'} ({place_of(keys)}): {message}" for keys, message in problems)
