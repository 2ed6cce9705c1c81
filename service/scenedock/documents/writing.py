"""Write YAML that every reader reads alike: YAML 1.1, the core schema of YAML 1.2, and Helm.

Text is written plain only if that is safe for all of them: it begins with a letter, isn't a reserved word in any YAML
version, and contains nothing that would end it early. Text of several lines becomes a literal block if that is exact.
All other text is quoted as in JSON. Anchors, tags and folded lines are never written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeGuard

from scenedock.model.json import Json, JsonObject

_PLAIN = re.compile(r"(?:[^\W\d]|/)(?:[\]\w!\"#$%&'()*+,./;<=>?@[\\^`{|}~-]++|:(?=\S)|[ ](?=[^\s#]|[ ]))*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_LONGEST_WORD = max(map(len, _WORDS))

# Line breaks that only YAML 1.1 has, and invisible characters: controls, directional marks, the byte order mark.
_UNSEEN = re.compile(
    r"[\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffc\ufffe\uffff]"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_LITERAL = re.compile(
    rf"\A[ \t\n]|[ \t](?:\n|\Z)|\n\n\Z|[\x00-\x08\x0b-\x1f]|{_UNSEEN.pattern}|{_SURROGATE.pattern}"
)

# libyaml, Go and npm's `yaml` refuse a longer key on one line (all: 1,024 characters).
_LONGEST_KEY = 1000


def write_documents(documents: Iterable[JsonObject]) -> str:
    """All documents as YAML, with `---` between them and a line break at the end; the empty text if there are none.

    Keys keep their order. Half of a surrogate pair, which no file can contain, becomes U+FFFD.

    Raises
    ------
    ValueError   a number that JSON can't represent
    """
    return "---\n".join(_document(document) for document in documents)


def _document(document: JsonObject) -> str:
    lines: list[str] = []
    if document:
        _block(lines, document, "", "")
    else:
        lines.append("{}")
    return "\n".join(lines) + "\n"


def _block(lines: list[str], value: Mapping[str, Json] | Sequence[Json], indent: str, lead: str) -> None:
    """Append a non-empty container; its first line begins with `lead`, the others with the indentation."""
    deeper = indent + "  "
    if isinstance(value, (dict, Mapping)):
        for key, child in value.items():
            head = f"{lead}{_key(key)}:"
            if len(head) > _LONGEST_KEY:
                lines.append(f"{lead}? {_key(key)}")
                head = f"{indent}:"
            if isinstance(child, str) and "\n" not in child:
                lines.append(f"{head} {_line(child)}")
            elif _is_block(child):
                lines.append(head)
                _block(lines, child, deeper, deeper)
            else:
                lines.append(f"{head} {_inline(child, deeper)}")
            lead = indent
    else:
        for child in value:
            if _is_block(child):
                _block(lines, child, deeper, f"{lead}- ")
            else:
                lines.append(f"{lead}- {_inline(child, deeper)}")
            lead = indent


def _is_block(value: Json) -> TypeGuard[Mapping[str, Json] | Sequence[Json]]:
    """Whether this is a container that needs its own lines."""
    return not isinstance(value, str) and isinstance(value, (dict, list, Mapping, Sequence)) and len(value) > 0


def _inline(value: Json, indent: str) -> str:
    """What follows `key:` or `-`; the lines of a literal block get this indentation."""
    match value:
        case str():
            return _literal(value, indent) if "\n" in value and not _NOT_LITERAL.search(value) else _line(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return written_float(value)
        case int():
            return str(value)
        case Mapping():
            return "{}"
        case _:
            return "[]"


def _line(text: str) -> str:
    """Text on one line: plain if that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) and (len(text) > _LONGEST_WORD or text.lower() not in _WORDS):
        return text
    quoted = json.dumps(_SURROGATE.sub("\ufffd", text), ensure_ascii=False)
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


# Every document has the same keys.
_key = lru_cache(maxsize=1024)(_line)


def _literal(text: str, indent: str) -> str:
    chomping = "" if text.endswith("\n") else "-"
    lines = text.removesuffix("\n").split("\n")
    return "\n".join([f"|{chomping}", *(line and indent + line for line in lines)])


def written_float(number: float) -> str:
    """A float with a point: without one, YAML 1.1 reads `1e+16` as text."""
    if not math.isfinite(number):
        raise ValueError(f"JSON has no number {number}")
    mantissa, exponent_sign, exponent = repr(number).partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{exponent_sign}{exponent}"
