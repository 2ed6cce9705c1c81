"""JSON values, the only form in which documents are passed between rooms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | Sequence[Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]


def as_object(value: Json) -> JsonObject:
    """The value if it is a JSON object, else an empty one."""
    # Almost all are dicts, or nothing (and lists below); to check for a Mapping costs ten times as much.
    if isinstance(value, dict):
        return value
    return value if value is not None and not isinstance(value, str) and isinstance(value, Mapping) else {}


def as_list(value: Json) -> Sequence[Json]:
    """The value if it is a JSON array, else an empty one."""
    if isinstance(value, list):
        return value
    return value if value is not None and not isinstance(value, str) and isinstance(value, Sequence) else ()


def as_text(value: Json) -> str:
    """The value if it is a string, else an empty one. Surrounding white space is removed."""
    return value.strip() if isinstance(value, str) else ""


def value_at(value: Json, keys: Iterable[str | int]) -> Json:
    """The value at a path of keys in nested objects, and numbers in lists; None if there is nothing."""
    for key in keys:
        if isinstance(key, int):
            items = as_list(value)
            value = items[key] if key < len(items) else None
        else:
            value = as_object(value).get(key)
    return value
