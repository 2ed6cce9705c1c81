"""Read ordinary YAML quickly: the few shapes that most lines of charts and values files have.

An ordinary file consists of `key: value` lines and `- item` lines; a value is plain or quoted text, or a flat `[…]` or
`{…}`, on one line. Every other file is left to libyaml, which supports all of YAML. For ordinary files the result is
the same as from libyaml and the composer, which property tests check, in a third of the time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from scenedock.documents.scalars import Meaning
from scenedock.model.json import Json

# In a longer file, the matches of all lines would take much memory.
_LONGEST = 256 * 1024
# Nothing is nested deeper than it is indented, so this keeps well within the composer's `MAX_DEPTH`.
_FARTHEST = 80

_ASCII = b"\n" + bytes(range(0x20, 0x7F))
_PASSED_OVER = r"(?:[ ]*+(?:\#[^\n]*+)?\n)*"  # lines that are blank or a comment
_QUOTED = r"""(?:"[^"\\\n]*"|'[^'\n]*')"""
_KEY = r"""(?:\w[\w./-]{0,200}|"[^"\\\n]{0,200}"|'[^'\n]{0,200}')"""
_TEXT = rf"(?:{_QUOTED}|[\w./$][\w./$+@%-]*(?:[ ][\w./$+@%-]+)*)"
_PAIR = rf"{_KEY}:[ ]+{_TEXT}"

_START = re.compile(rf"{_PASSED_OVER}(?:---[ ]*\n{_PASSED_OVER})?")
# One line and the skipped lines after it. It matches any line, so all matches together are the whole text.
_LINE = re.compile(
    rf"""
    ([ ]*+) (-[ ]++)? (?:({_KEY}):(?![^ \n]))?
    [ ]*+ (?: \#[^\n]*+ | ([\w./$(~+<=^][^:\#\n]*+)? ([^\n]*+) ) \n
    {_PASSED_OVER}
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

# Indentation, dash with the spaces after it, key, plain text up to the first colon or number sign, the rest.
_Line: TypeAlias = tuple[str, str, str, str, str]


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
        body = _START.sub("", text, count=1)
        value = _Block(_LINE.findall(body), meaning).document()
    except ValueError:  # not ordinary, not UTF-8, or not representable in JSON
        return None
    return value, text.count("\n") - body.count("\n") + 1


class _Block:
    """Composes the lines of one document."""

    def __init__(self, lines: list[_Line], meaning: Meaning) -> None:
        self._lines = lines[::-1]  # reversed: the next line is the last item
        self._meaning = meaning

    def document(self) -> Json:
        value = self._below(-1)
        if value is None or self._lines:
            raise _NotOrdinaryError
        return value

    def _below(self, column: int) -> Json:
        """The value on the lines below a key in this column."""
        if not self._lines:
            return None
        indent, dash, name, plain, rest = self._lines[-1]
        begin = len(indent)
        if begin > _FARTHEST:
            raise _NotOrdinaryError
        if dash:
            return self._sequence(begin) if begin >= column else None
        if begin <= column:
            return None
        if name or plain:
            return self._mapping(begin)
        self._lines.pop()
        return _value(rest, self._meaning)

    def _mapping(self, column: int) -> dict[str, Json]:
        lines, meaning = self._lines, self._meaning
        mapping: dict[str, Json] = {}
        while lines:
            indent, dash, name, plain, rest = lines[-1]
            if dash or len(indent) != column:
                break
            lines.pop()
            key = _key(name, meaning)
            if key in mapping:
                raise _NotOrdinaryError
            if plain:
                mapping[key] = meaning.plain(_until_comment(plain, rest) if rest else plain.rstrip())
            elif rest:
                mapping[key] = _value(rest, meaning)
            elif lines and lines[-1][2] and not lines[-1][1] and column < len(lines[-1][0]) <= _FARTHEST:
                mapping[key] = self._mapping(len(lines[-1][0]))  # as most often, without asking `_below`
            else:
                mapping[key] = self._below(column)
        return mapping

    def _sequence(self, column: int) -> list[Json]:
        lines, meaning = self._lines, self._meaning
        sequence: list[Json] = []
        while lines:
            indent, dash, name, plain, rest = lines[-1]
            if not dash or len(indent) != column:
                break
            if name:  # a mapping, which begins after the dash
                inside = column + len(dash)
                lines[-1] = (" " * inside, "", name, plain, rest)
                sequence.append(self._mapping(inside))
            else:
                lines.pop()
                sequence.append(meaning.plain(_until_comment(plain, rest)) if plain else _value(rest, meaning))
        return sequence


# The same keys occur in many files.
@lru_cache(maxsize=4096)
def _key(name: str, meaning: Meaning) -> str:
    if not name:
        raise _NotOrdinaryError
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
