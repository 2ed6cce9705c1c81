"""What a YAML scalar means to Helm, and to Backstage.

Helm reads YAML with sigs.k8s.io/yaml, which resolves scalars like goyaml.v2 (`resolve.go`): YAML 1.1 with its own
changes, so `y` is true, `0o14` is 12 and `12:30` is text. Backstage reads entity files with npm's `yaml`, which follows
the core schema of YAML 1.2, so `y` is text and `010` is ten.

Numbers keep the type that goyaml gives them: an integer of at most 64 bits is an exact `int`; every other number is a
`float`. (Helm templates see only doubles: they print `9007199254740993` as `9007199254740992`.)
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

from scenedock.model.json import Json
from scenedock.structs import dataclass

Scalar: TypeAlias = str | int | float | bool | None

_TAG = "tag:yaml.org,2002:"
MERGE_TAG = _TAG + "merge"
_TYPES: Mapping[str, type] = {
    _TAG + "null": type(None),
    _TAG + "bool": bool,
    _TAG + "int": int,
    _TAG + "float": float,
}


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """How a reader resolves what YAML leaves open.

    `plain` gives the value of a scalar without quotes and tag, `key` the JSON key for a value; both raise ValueError
    for what JSON can't represent. `merges` says whether `<<` merges mappings, `unique_keys` whether a key that occurs
    twice is an error (else the last one counts).
    """

    plain: Callable[[str], Scalar]
    key: Callable[[Json], str]
    merges: bool
    unique_keys: bool

    def tagged(self, tag: str, text: str) -> Scalar:
        """The value of a scalar with a tag; an unknown tag leaves the text unchanged.

        Raises
        ------
        ValueError   the text doesn't match the tag
        """
        expected = _TYPES.get(tag)
        if expected is None:
            return _binary(text) if tag == _TAG + "binary" else text
        value = self.plain(text)
        if expected is float and type(value) is int and value.bit_length() < 64:
            return float(value)
        if type(value) is not expected:
            raise ValueError(f"this value doesn't match its tag !!{tag.removeprefix(_TAG)}")
        return value


def _binary(text: str) -> str:
    import base64

    try:
        return base64.b64decode(re.sub("[\r\n]", "", text), validate=True).decode("utf-8", "replace")
    except ValueError:
        raise ValueError("this !!binary value is not base64") from None


def _spellings(*words: str) -> tuple[str, ...]:
    """The three ways in which YAML 1.1 writes a word: `word`, `Word`, `WORD`."""
    return tuple(spelling for word in words for spelling in (word, word.capitalize(), word.upper()))


_NULLS: Mapping[str, Scalar] = dict.fromkeys(["", "~", *_spellings("null")])
_INFINITE = frozenset(
    [".nan", ".NaN", ".NAN", *(sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF"))]
)
_NUMBER_STARTS = frozenset("0123456789+-.")
_LONGEST_KEPT = 32
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def _refuse_infinite(text: str) -> None:
    if text in _INFINITE:
        raise ValueError(f"JSON has no number {text}; put it in quotes")


def _double(digits: str, text: str) -> float | str:
    """The number, or the text if it is too large for a double."""
    number = float(digits)
    return text if math.isinf(number) else number


_HELM_WORDS: Mapping[str, Scalar] = {
    **_NULLS,
    **dict.fromkeys(("y", "Y", *_spellings("yes", "true", "on")), True),
    **dict.fromkeys(("n", "N", *_spellings("no", "false", "off")), False),
}
# A longer decimal is not a 64-bit integer, and Python refuses to read a very long one.
_HELM_INTEGER = re.compile(
    r"[-+]?(?:(?P<decimal>[1-9][0-9]{0,19})|0[xX](?P<hexadecimal>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)"
    r"|(?P<octal>0[oO][0-7]+|0[0-7]*))"
)
_HELM_POINT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_BASES = {"decimal": 10, "octal": 8, "hexadecimal": 16, "binary": 2}


def _helm_plain(text: str) -> Scalar:
    if text in _HELM_WORDS:
        return _HELM_WORDS[text]
    if text[0] in _NUMBER_STARTS:
        return (_kept_helm_number if len(text) <= _LONGEST_KEPT else _helm_number)(text)
    return text


def _helm_number(text: str) -> Scalar:
    """A number as goyaml reads it with Go's strconv, else the text."""
    _refuse_infinite(text)
    if text[0] == ".":
        return _double(text, text) if _HELM_POINT_FLOAT.fullmatch(text) else text
    digits = text.replace("_", "")
    integer = _HELM_INTEGER.fullmatch(digits)
    if integer:
        number = int(digits, _BASES[integer.lastgroup or "decimal"])
        if -(2**63) <= number < (2**63 if digits[0] == "+" else 2**64):
            return number
    return _double(digits, text) if _FLOAT.fullmatch(digits) else text


# The same ports, sizes and versions occur in many files.
_kept_helm_number = lru_cache(maxsize=4096)(_helm_number)


def _helm_key(value: Json) -> str:
    """The key that sigs.k8s.io/yaml converts a value to (`convertToJSONableObject`).

    A text field of Chart.yaml is converted in the same way: `appVersion: 1.10` becomes `1.1`.
    """
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case float():
            return _short_float(value)
        case int() if value < 2**63:
            return str(value)
        case int() | None:
            raise ValueError(f"put the key {'null' if value is None else value} in quotes")
        case _:
            raise ValueError("a key can't be a list or a mapping")


def _short_float(number: float) -> str:
    """A float as Go's `FormatFloat(number, 'g', -1, 32)` prints it: the fewest digits that identify the float32."""
    try:
        packed = struct.pack("f", number)
    except OverflowError:
        return "-.inf" if number < 0 else ".inf"
    (single,) = struct.unpack("f", packed)
    if math.isinf(single):
        return "-.inf" if number < 0 else ".inf"
    precision = next(digits for digits in range(9) if struct.pack("f", float(f"{single:.{digits}e}")) == packed)
    scientific = f"{single:.{precision}e}"
    exponent = int(scientific.partition("e")[2])
    return f"{single:.{max(precision - exponent, 0)}f}" if -4 <= exponent < 6 else scientific


_CORE_WORDS: Mapping[str, Scalar] = {
    **_NULLS,
    **dict.fromkeys(_spellings("true"), True),
    **dict.fromkeys(_spellings("false"), False),
}
# A longer text is not a 64-bit integer.
_CORE_INTEGER = re.compile(
    r"(?P<decimal>[-+]?[0-9]{1,20})|0o(?P<octal>[0-7]{1,22})|0x(?P<hexadecimal>[0-9a-fA-F]{1,16})"
)


def _core_plain(text: str) -> Scalar:
    if text in _CORE_WORDS:
        return _CORE_WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    _refuse_infinite(text)
    integer = _CORE_INTEGER.fullmatch(text)
    if integer:
        return int(text, _BASES[integer.lastgroup or "decimal"])
    return _double(text, text) if _FLOAT.fullmatch(text) else text


def _core_key(value: Json) -> str:
    """The key that npm's `yaml` converts a value to: `String(value)`, and the empty text for null."""
    match value:
        case str():
            return value
        case None:
            return ""
        case float() if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        case bool() | float() | int():
            return str(value).lower()
        case _:
            raise ValueError("a key can't be a list or a mapping")


HELM = Meaning(plain=_helm_plain, key=_helm_key, merges=True, unique_keys=False)
BACKSTAGE = Meaning(plain=_core_plain, key=_core_key, merges=False, unique_keys=True)
