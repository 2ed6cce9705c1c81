"""Read ordinary YAML quickly: the few shapes that most lines of charts and values files have.

An ordinary file consists of `key: value` lines and `- item` lines; a value is plain or quoted text, or a flat `[…]` or
`{…}`, on one line. Every other file is left to libyaml, which supports all of YAML. For ordinary files the result is
the same as from libyaml and the composer, which property tests check, in a fraction of the time.

Each line says by itself what it says, and most lines of a values file are those of the next one, too: they are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TypeAlias

from scenedock.documents.scalars import Meaning
from scenedock.model.json import Json

# In a longer file, what all lines say would take much memory; so would longer lines that are kept.
_LONGEST = 256 * 1024
_LONGEST_KEPT, _MOST_KEPT = 250, 4096
# Nothing is nested deeper than it is indented, so this keeps well within the composer's `MAX_DEPTH`.
_FARTHEST = 80

_ASCII = b"\n" + bytes(range(0x20, 0x7F))
_PASSED_OVER = r"(?:[ ]*+(?:\#[^\n]*+)?\n)*"  # lines that are blank or a comment
_QUOTED = r"""(?:"[^"\\\n]*"|'[^'\n]*')"""
_KEY = r"""(?:\w[\w./-]{0,200}|"[^"\\\n]{0,200}"|'[^'\n]{0,200}')"""
_TEXT = rf"(?:{_QUOTED}|[\w./$][\w./$+@%-]*(?:[ ][\w./$+@%-]+)*)"
_PAIR = rf"{_KEY}:[ ]+{_TEXT}"

_START = re.compile(rf"{_PASSED_OVER}(?:---[ ]*\n{_PASSED_OVER})?")
# Indentation, dash with the spaces after it, key, plain text up to the first colon or number sign, the rest.
_LINE = re.compile(
    rf"""
    ([ ]*+) (-[ ]++)? (?:({_KEY}):(?![^ ]))?
    [ ]*+ (?: \#.* | ([\w./$(~+<=^][^:\#]*+)? (.*) )
    """,
    re.VERBOSE,
)
_VALUE = re.compile(
    rf"""
    (?: (?P<quoted>{_QUOTED})
      | \[ [ ]* (?P<items>(?:{_TEXT}(?:[ ]*,[ ]*{_TEXT})*)?) [ ]* \]
      | \{{ [ ]* (?P<pairs>(?:{_PAIR}(?:[ ]*,[ ]*{_PAIR})*)?) [ ]* \}}
    )
    (?: [ ]* | [ ]+\#.* )
    """,
    re.VERBOSE,
)
_ITEMS = re.compile(_TEXT)
_PAIRS = re.compile(rf"({_KEY}):[ ]+({_TEXT})")

_Line: TypeAlias = tuple[int, int, str | None, bool, Json]
"""Its column; that of what follows its dash, else 0; its key; whether the value is below; else the value."""


class _NotOrdinaryError(ValueError):
    """The file must be read by libyaml."""


def read_ordinary(data: bytes, meaning: Meaning) -> tuple[Json, int] | None:
    """The value of a file that is one ordinary document, and the line where it begins; None for any other file."""
    if len(data) > _LONGEST:
        return None
    try:
        text = data.decode() + "\n"
        # Tabs, control characters and other line breaks are left to libyaml.
        if data.translate(None, _ASCII) and not text.replace("\n", "").isprintable():
            return None
        begin = start.end() if (start := _START.match(text)) else 0
        written = text[begin:].split("\n")
        read = _kept_lines(meaning) if max(map(len, written)) <= _LONGEST_KEPT else partial(_line, meaning)
        value = _Block(list(filter(None, map(read, written)))).document()
    except ValueError:  # not ordinary, not UTF-8, or not representable in JSON
        return None
    return value, text.count("\n", 0, begin) + 1


@lru_cache
def _kept_lines(meaning: Meaning) -> Callable[[str], _Line | None]:
    return lru_cache(_MOST_KEPT)(partial(_line, meaning))


def _line(meaning: Meaning, text: str) -> _Line | None:
    """What a line says; None for one that is blank or a comment."""
    match = _LINE.fullmatch(text)
    if not match:
        raise _NotOrdinaryError
    indent, dash, name, plain, rest = match.groups("")
    if not (name or plain or rest or dash):
        return None
    column, key = len(indent), _key(name, meaning) if name else None
    if column > _FARTHEST:
        raise _NotOrdinaryError
    inside = column + len(dash) if dash else 0
    if not plain and not rest and key is not None:
        return column, inside, key, True, None
    if not plain:
        return column, inside, key, False, _value(rest, meaning)
    if key is None and not dash:
        raise _NotOrdinaryError
    return column, inside, key, False, meaning.plain(_until_comment(plain, rest) if rest else plain.rstrip())


class _Block:
    """Composes the lines of one document."""

    def __init__(self, lines: list[_Line]) -> None:
        self._lines = lines[::-1]  # reversed: the next line is the last item

    def document(self) -> Json:
        value = self._below(-1)
        if value is None or self._lines:
            raise _NotOrdinaryError
        return value

    def _below(self, column: int) -> Json:
        """The value on the lines below a key in this column."""
        if not self._lines:
            return None
        begin, inside, key, _, value = self._lines[-1]
        if inside:
            return self._sequence(begin) if begin >= column else None
        if begin <= column:
            return None
        if key is not None:
            return self._mapping(begin)
        self._lines.pop()
        return value

    def _mapping(self, column: int) -> dict[str, Json]:
        lines = self._lines
        mapping: dict[str, Json] = {}
        while lines:
            begin, inside, key, is_below, value = lines[-1]
            if inside or begin != column:
                break
            lines.pop()
            if key is None or key in mapping:
                raise _NotOrdinaryError
            mapping[key] = self._below(column) if is_below else value
        return mapping

    def _sequence(self, column: int) -> list[Json]:
        lines = self._lines
        sequence: list[Json] = []
        while lines:
            begin, inside, key, is_below, value = lines[-1]
            if not inside or begin != column:
                break
            if key is None:
                lines.pop()
                sequence.append(value)
            else:  # a mapping, which begins after the dash
                lines[-1] = inside, 0, key, is_below, value
                sequence.append(self._mapping(inside))
        return sequence


# The same keys occur in many files.
@lru_cache(maxsize=4096)
def _key(name: str, meaning: Meaning) -> str:
    value = _text(name, meaning)
    return value if isinstance(value, str) else meaning.key(value)


def _until_comment(plain: str, rest: str) -> str:
    """Plain text without the comment after it."""
    text = (plain + rest).partition(" #")[0].rstrip()
    if ": " in text or text[-1] == ":":
        raise _NotOrdinaryError
    return text


def _value(rest: str, meaning: Meaning) -> Json:
    """A value that begins with a quote or bracket."""
    if rest[:1] == rest[-1:] == '"' and rest.count('"') == 2 and "\\" not in rest:
        return rest[1:-1]  # what follows finds the same, and takes longer
    match = _VALUE.fullmatch(rest)
    if not match:
        raise _NotOrdinaryError
    quoted, items, pairs = match.groups()
    if quoted is not None:
        return _text(quoted, meaning)
    if items is not None:
        return [_text(item, meaning) for item in _ITEMS.findall(items)]
    written = _PAIRS.findall(pairs)
    mapping = {_key(name, meaning): _text(text, meaning) for name, text in written}
    if len(mapping) < len(written):
        raise _NotOrdinaryError
    return mapping


def _text(text: str, meaning: Meaning) -> Json:
    return text[1:-1] if text[0] in "\"'" else meaning.plain(text)
