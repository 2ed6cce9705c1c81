"""The names of parameters, as `helm --set` takes them: keys with dots between them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scenedock.model.json import Json, JsonObject, as_object
from scenedock.releases.images import Keys


def steps_of(name: str) -> list[str]:
    """The keys that the name of a parameter leads through: a dot in a key has a backslash before it."""
    return [step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", name)]


def before_open(steps: Sequence[str]) -> Keys:
    """The keys in front of the first that has an index, or that a template leaves open; with that of the list."""
    keys: list[str] = []
    for step in steps:
        if "{{" in step or "}}" in step:
            break
        keys.append(step.partition("[")[0])
        if "[" in step:
            break
    return tuple(keys)


def nested(steps: Sequence[str], value: Json) -> JsonObject:
    """`{a: {b: value}}` for `a.b`."""
    nested: Json = value
    for step in reversed(steps):
        nested = {step: nested}
    return as_object(nested)
