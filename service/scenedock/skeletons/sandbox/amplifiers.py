"""Jinja's operators, methods and filters whose output can be much larger than their input, each with a guard.

The output of every other operation is at most a small multiple of its input; the environment counts it afterwards.
A guard has the signature of what it guards, and takes the cost from the budget before the memory is allocated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Sized
from string import Formatter
from typing import Any

from jinja2.sandbox import SandboxedFormatter

from scenedock.skeletons.problems import LimitError
from scenedock.skeletons.sandbox.metering import POINTER, allow_number, budget

LARGEST_INTEGER_BITS = 100_000
MOST_DIGITS = 1_000
_NUMBERS = re.compile(r"\d+")


def guard_operator(operator: str, left: Any, right: Any) -> None:
    """Take the cost of `left operator right`."""
    for operand in (left, right):
        if isinstance(operand, int) and operand.bit_length() > LARGEST_INTEGER_BITS:
            raise LimitError(f"a template computed a number of more than {LARGEST_INTEGER_BITS} bits")
    if operator == "*":
        for sequence, times in ((left, right), (right, left)):
            if isinstance(sequence, str | bytes | list | tuple) and isinstance(times, int):
                size = 1 if isinstance(sequence, str | bytes) else POINTER
                budget().take(size * len(sequence) * max(times, 0))
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        if left.bit_length() * right > LARGEST_INTEGER_BITS:
            raise LimitError(f"a template computed a number of more than {LARGEST_INTEGER_BITS} bits")
    elif operator == "%" and isinstance(left, str | bytes):
        _percent(left, right)


def _percent(text: str | bytes, values: object) -> None:
    pattern = text if isinstance(text, str) else text.decode("latin-1")
    if "*" in pattern:
        raise LimitError(
            f"the format {pattern[:40]!r} in a template takes its width from a value; write the width as a number"
        )
    _widths(pattern)
    for _ in range(max(pattern.count("%("), 1)):  # a format can use a named value repeatedly
        budget().step()
        budget().take_printed(values)


def _widths(pattern: str) -> None:
    for number in _NUMBERS.findall(pattern):
        budget().take(allow_number(int(number[:10])))


def _width(_text: object, width: object = 80, *_: object) -> None:
    budget().take(allow_number(width))


def _expandtabs(text: str | bytes, tabsize: object = 8) -> None:
    tabs = text.count("\t") if isinstance(text, str) else text.count(b"\t")
    budget().take(tabs * allow_number(tabsize))


def _replace(text: Any, old: Any, new: Any, *_: object, **__: object) -> None:
    if not isinstance(text, bytes):  # the filter accepts anything as text
        text, old, new = str(text), str(old), str(new)
    budget().take(text.count(old) * len(new))


def _translate(text: str | bytes, table: object, *_: object) -> None:
    values = table.values() if isinstance(table, dict) else table if isinstance(table, list | tuple) else ()
    budget().take(len(text) * max((len(value) for value in values if isinstance(value, str)), default=0))


def _join(separator: str | bytes, parts: Sequence[object]) -> None:
    budget().take_printed(parts)
    budget().take(len(separator) * len(parts))


def _spread(text: str | bytes, *_: object, **__: object) -> None:
    budget().take(POINTER * len(text))


def _to_bytes(_number: int, length: object = 1, *_: object, **__: object) -> None:
    budget().take(allow_number(length))


def _grow(_container: object, *added: object, **named: object) -> None:
    for value in (*added, *named.values()):
        budget().take(POINTER * (1 + len(value)) if isinstance(value, Sized) else POINTER)


METHODS: Mapping[str, Callable[..., None]] = {
    "append": _grow,
    "center": _width,
    "expandtabs": _expandtabs,
    "extend": _grow,
    "insert": _grow,
    "join": _join,
    "ljust": _width,
    "replace": _replace,
    "rjust": _width,
    "rsplit": _spread,
    "setdefault": _grow,
    "split": _spread,
    "splitlines": _spread,
    "to_bytes": _to_bytes,
    "translate": _translate,
    "update": _grow,
    "zfill": _width,
}
"""Methods of text, numbers, lists and dicts, by name; the guard gets the object first. `join` gets a list."""


def _indent(text: Any, width: object = 4, *_: object, **__: object) -> None:
    size = len(width) if isinstance(width, str) else allow_number(width)
    budget().take((str(text).count("\n") + 1) * size)


def _json(value: object, indent: object = 4) -> None:
    allow_number(indent)
    budget().take_printed(value)
    if isinstance(indent, int) and indent > 16:
        raise LimitError(f"a template indents JSON by {indent}; the limit is 16")


def _format(text: Any, *args: object, **kwargs: object) -> None:
    _percent(str(text), kwargs or args)


def _wordwrap(text: Any, width: object = 79, *rest: object, wrapstring: object = None, **_: object) -> None:
    allow_number(max(map(len, str(text).split()), default=0))  # the rest of a word is copied for each of its lines
    lines = str(text).count("\n") + 1 + 2 * len(text) // max(allow_number(width), 1)
    for between in (wrapstring, *rest):
        if isinstance(between, str):
            budget().take(lines * len(between))


def _urlize(text: Any, *args: object, **kwargs: object) -> None:
    extra = sum(len(value) for value in (*args, *kwargs.values()) if isinstance(value, str))
    budget().take(len(str(text).split()) * extra)


def _count(_items: object, *args: object, **kwargs: object) -> None:
    for number in (*args, *kwargs.values()):
        allow_number(number)


def _round(_number: object, precision: object = 0, *_: object, **__: object) -> None:
    if isinstance(precision, int) and abs(precision) > MOST_DIGITS:
        raise LimitError(f"a template rounds to {precision} digits; the limit is {MOST_DIGITS}")


def _slugify(text: Any, *args: object, **kwargs: object) -> None:
    """Take the cost of a long `separator` or of long `replacements`."""
    longest = sum(map(_characters, (*args, *kwargs.values())))
    budget().take((len(str(text)) + 1) * longest)


def _characters(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(map(_characters, value)) if isinstance(value, list | tuple) else 0


def _join_filter(parts: Sequence[object], d: object = "") -> None:
    _join(str(d), parts)


def _sum(items: Sequence[object], *_: object, **__: object) -> None:
    copied = 0
    for item in items:
        copied += len(item) if isinstance(item, Sized) else 0
        budget().take(copied)  # adding two lists copies both


FILTERS: Mapping[str, Callable[..., None]] = {
    "batch": _count,
    "center": _width,
    "format": _format,
    "indent": _indent,
    "join": _join_filter,
    "jsonify": _json,
    "replace": _replace,
    "round": _round,
    "slice": _count,
    "slugify": _slugify,
    "sum": _sum,
    "tojson": lambda value, indent=0: _json(value, indent or 0),
    "urlize": _urlize,
    "wordwrap": _wordwrap,
}
"""Filters by name; the guard gets the template's arguments, without Jinja's own leading argument.

`join` and `sum` get a list, with `attribute` already looked up.
"""


def guard_lipsum(*args: object, **kwargs: object) -> None:
    """Take the cost of `lipsum(n, html, min, max)`: n paragraphs of at most `max` words."""
    paragraphs = args[0] if args else kwargs.get("n", 5)
    words = args[3] if len(args) > 3 else kwargs.get("max", 100)
    budget().take(allow_number(paragraphs) * allow_number(words) * 12)


def guard_now(form: str) -> None:
    """Take the cost of formatting a time: each directive gives a word, or as many characters as its width."""
    _widths(form)
    budget().take(len(form) * 32)


class GuardedFormatter(SandboxedFormatter):
    """`str.format`, which checks each width before it is used."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one field."""
        _widths(format_spec)
        budget().take_printed(value)
        return str(Formatter.format_field(self, value, format_spec))

    def convert_field(self, value: Any, conversion: Any) -> Any:
        """Apply `!r` or `!s`, which print the value before its format is applied."""
        if conversion:
            budget().take_printed(value)
        return super().convert_field(value, conversion)
