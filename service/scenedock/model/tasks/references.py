"""References in a step's input: a whole string of the form `${{ steps.ID.output.NAME }}`, nothing more.

The full expression language of Templates is not supported. Expressions that need it are refused, so that a text that
looks like an expression is neither taken literally by accident nor evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject

_REFERENCE = re.compile(r"^\s*\$\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)\s*\}\}\s*$")
_FALSE_WORDS = frozenset({"", "false", "no", "0", "null", "undefined"})


def wrong_references(
    value: Json, where: str, step_ids: Sequence[str], path: tuple[str | int, ...]
) -> Iterator[InputError]:
    """References that can't be rendered later: another expression, another root, a step that isn't an earlier one.

    The messages begin with `where`; `path` leads to the value.
    """
    for text in _strings(value):
        if "${{" not in text:
            continue
        match = _REFERENCE.match(text)
        root, *keys = match[1].split(".") if match else [""]
        if not match:
            yield InputError(f"{where}: `{text}` is not supported; write `${{{{ steps.ID.output.NAME }}}}` alone", path)
        elif root not in {"steps", "parameters", "secrets"}:
            yield InputError(f"{where}: `{text}` must begin with steps, parameters or secrets", path)
        elif root == "steps" and (keys[0] not in step_ids or keys[1:2] != ["output"]):
            yield InputError(f"{where}: `{text}` must name the output of an earlier step", path)


def is_reference(value: Json) -> bool:
    """Whether the value contains a reference."""
    return any("${{" in text for text in _strings(value))


def render(value: Json, scope: JsonObject) -> Json:
    """The value with each reference replaced by its value in the scope; null if there is none."""
    if isinstance(value, str):
        match = _REFERENCE.match(value)
        return _look_up(scope, match[1].split(".")) if match else value
    if isinstance(value, Mapping):
        return {key: render(each, scope) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [render(each, scope) for each in value]
    return value


def holds(condition: bool | str, scope: JsonObject) -> bool:  # noqa: FBT001 - `if` of a step is a bool or a text
    """Whether a step's `if` is true: its rendered value is not null, empty, zero or a word for false."""
    value = render(condition, scope)
    return value.strip().lower() not in _FALSE_WORDS if isinstance(value, str) else bool(value)


def _look_up(scope: Json, path: Sequence[str]) -> Json:
    for name in path:
        if not isinstance(scope, Mapping):
            return None
        scope = scope.get(name)
    return scope


def _strings(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _strings(each)]
    return [text for each in value for text in _strings(each)] if isinstance(value, Sequence) else []
