"""The variables that Flux substitutes after a build, as far as a Kustomization spells out their values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scenedock.model.json import Json

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<how>:?[=-])(?P<default>[^${}]*))?\}")
_LONGEST = 4_000


def substituted(value: Json, variables: Mapping[str, str], *, depth: int = 60) -> Json:
    """A value with the variables that are known, else their defaults; what only a cluster knows stays `${name}`.

    >>> substituted({"a": "${tier:=web}-${x}"}, {"x": "1"})
    {'a': 'web-1'}
    """
    if isinstance(value, str):
        return _in_text(value, variables) if "${" in value and len(value) <= _LONGEST else value
    if depth and isinstance(value, dict):
        return {key: substituted(below, variables, depth=depth - 1) for key, below in value.items()}
    if depth and isinstance(value, list):
        return [substituted(below, variables, depth=depth - 1) for below in value]
    return value


def is_open(text: str) -> bool:
    """Whether a variable is left that only a cluster knows, or a template's."""
    return "${" in text or "{{" in text


def _in_text(text: str, variables: Mapping[str, str]) -> str:
    def value_of(found: re.Match[str]) -> str:
        known = variables.get(found["name"])
        if known or (known is not None and not (found["how"] or "").startswith(":")):
            return known
        return found["default"] if found["how"] else found[0]

    return _VARIABLE.sub(value_of, text)
