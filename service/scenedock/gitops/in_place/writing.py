"""Values as text that every reader of YAML takes for the same: YAML 1.1, YAML 1.2's core schema, and Helm."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from scenedock.documents.scalars import BACKSTAGE, HELM, Scalar
from scenedock.documents.writing import written_float
from scenedock.errors import InputError
from scenedock.model.json import Json, as_list, as_object
from scenedock.structs import dataclass

NewValue: TypeAlias = "str | int | float | bool | Written | None"

_PLAIN = re.compile(r"[A-Za-z0-9/][A-Za-z0-9._/+-]*(:[A-Za-z0-9._/+-]+)*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
# Wider than any reader's: numbers of any base, with any separator, of any size; `12:30`; dates and times.
_NUMBER = re.compile(
    r"0[xXoObB][0-9A-Fa-f_]*|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]*)?"
    r"|[0-9_]+(?::[0-9_]+)+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt].*)?"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it stands in a file, with its quotes: what puts back the same bytes."""

    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file indents: `step` a mapping below its key, `list_step` the `-` of a list below its key."""

    step: int = 2
    list_step: int = 2
    newline: str = "\n"


def written(value: Scalar, quote: str = "") -> str:
    """The scalar in YAML; a text keeps the quotes of the old value.

    Raises
    ------
    InputError   a number that JSON doesn't have
    """
    if not isinstance(value, str):
        return _number_or_word(value)
    if quote == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if not quote and is_safe_plain(value):
        return value
    return '"' + "".join(map(_escaped, value)) + '"'


def is_safe_plain(text: str) -> bool:
    """Whether every reader takes the text without quotes for this text."""
    return bool(
        _PLAIN.fullmatch(text)
        and text.lower() not in _WORDS
        and not _NUMBER.fullmatch(text)
        and HELM.plain(text) == text == BACKSTAGE.plain(text)
    )


def in_flow(value: Json, quote: str = "") -> str:
    """The value in one line, as it may stand between brackets; with `quote`, all texts and keys have these quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{written(key, quote)}: {in_flow(each, quote)}" for key, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(in_flow(each, quote) for each in value) + "]"
    return written(value, quote)


def entry_lines(key: str, value: Json, indent: str, layout: Layout, quote: str = "") -> list[str]:
    """A key and its value as the lines of a block; the key has these quotes."""
    head = f"{indent}{written(key, quote)}:"
    if not _is_block(value):
        return [f"{head} {in_flow(value)}"]
    if isinstance(value, Mapping):
        return [head, *_mapping_lines(value, indent + " " * layout.step, layout)]
    return [head, *_list_lines(as_list(value), indent + " " * layout.list_step, layout)]


def item_lines(value: Json, indent: str, layout: Layout) -> list[str]:
    """A list's item as the lines of a block; its dash has this indentation."""
    if not _is_block(value):
        return [f"{indent}- {in_flow(value)}"]
    below = f"{indent}  "
    lines = [*_mapping_lines(value, below, layout), *_list_lines(as_list(value), below, layout)]
    return [f"{indent}- {lines[0].removeprefix(below)}", *lines[1:]]


def _mapping_lines(value: Json, indent: str, layout: Layout) -> list[str]:
    return [line for key, each in as_object(value).items() for line in entry_lines(key, each, indent, layout)]


def _list_lines(value: Sequence[Json], indent: str, layout: Layout) -> list[str]:
    return [line for each in value for line in item_lines(each, indent, layout)]


def _is_block(value: Json) -> bool:
    """Whether it is a mapping or list with something in it."""
    return bool(as_object(value) or as_list(value))


def _number_or_word(value: Scalar) -> str:
    if isinstance(value, float):
        try:
            return written_float(value)
        except ValueError as error:
            raise InputError(str(error)) from None
    return "null" if value is None else str(value).lower()


def _escaped(sign: str) -> str:
    """A character in double quotes; JSON's escapes of rare characters are not valid in YAML."""
    if sign in {'"', "\\"}:
        return f"\\{sign}"
    return sign if sign.isprintable() else {"\n": "\\n", "\t": "\\t"}.get(sign, f"\\U{ord(sign):08X}")
