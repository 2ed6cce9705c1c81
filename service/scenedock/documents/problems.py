"""Problems of a document with their paths, and JSON Schema errors as messages for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from scenedock.model.addresses import without_credentials
from scenedock.model.json import JsonObject
from scenedock.model.similar import similar
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

Path: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead from the root of a document to a value."""

MISSING = "is missing"

_LONGEST_QUOTE = 80


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """One problem in a document. `path` leads from the root to the value, which may be missing.

    `expected` are the JSON types that the value may have, if its own is another; `keys` those that there are in place
    of one that there isn't, if none of them is similar.
    """

    path: Path
    message: str
    expected: tuple[str, ...] = field(default=(), compare=False)
    keys: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.brief}; there are: {', '.join(self.keys)}" if self.keys else self.brief

    @property
    def brief(self) -> str:
        """What is wrong, without the keys that there are."""
        return f"{shown(self.path)}: {self.message}"


@dataclass(frozen=True, slots=True)
class Format:
    """A rule for a string. `rule` completes a sentence that begins with the string: `'Foo Bar' may have only …`."""

    holds: Callable[[str], bool]
    rule: str


def shown(path: Path) -> str:
    """The path for an error message, `metadata.links[0].url`; `the document` for the empty path."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in path)
    return text.removeprefix(".") or "the document"


def quoted(text: str) -> str:
    """The text in quotes, shortened. Credentials are removed from addresses first, so no part of a token is left."""
    text = without_credentials(text)
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")


def explained(
    error: ValidationError, formats: Mapping[str, Format], *, schema: JsonObject | None = None
) -> Iterator[DocumentProblem]:
    """The problems that one JSON Schema error stands for.

    With `schema`, no message repeats a value, because it may be a secret. A keyword of the schema may also have its own
    error message: for `pattern` it is `patternErrorMessage`, which editors support, and so on for the other keywords.
    """
    from jsonschema_rs import ValidationErrorKind as Broken

    path: Path = tuple(error.instance_path)
    hidden = schema is not None
    rules = _rules_beside(schema, error.schema_path) if schema is not None else {}
    if words := rules.get(f"{error.kind.name}ErrorMessage"):
        yield DocumentProblem(path, str(words))
        return
    match error.kind:
        case Broken.Required(name):
            yield DocumentProblem((*path, name), MISSING)
        case Broken.AdditionalProperties(names):
            yield from (unknown_key((*path, name), rules.get("properties", ())) for name in names)
        case Broken.PropertyNames(inner):
            for problem in explained(inner, formats, schema=schema):
                yield DocumentProblem((*path, str(inner.instance)), problem.message)
        case Broken.Format(name):
            yield DocumentProblem(
                path, formats[name].rule if hidden else f"{_named(error.instance)} {formats[name].rule}"
            )
        case Broken.Type(types):
            yield DocumentProblem(path, _mistyped(error.instance, types, hidden=hidden), tuple(types))
        case Broken.MinLength():
            yield DocumentProblem(path, "must not be empty")
        case Broken.Enum(options):
            instead = "" if hidden else f", not {_named(error.instance)}"
            yield DocumentProblem(path, f"must be {' or '.join(map(str, options))}{instead}")
        case _:
            yield DocumentProblem(path, error.message)


def unknown_key(path: Path, keys: Iterable[str]) -> DocumentProblem:
    """The problem of a key, the last step of the path, that isn't one of these."""
    known = tuple(keys)
    close = similar(str(path[-1]), known)
    return DocumentProblem(path, f"there is no such key here{close}", keys=() if close else known)


def _rules_beside(schema: JsonObject, path: Sequence[str | int]) -> Mapping[str, Any]:
    """The object of the schema that contains the keyword at the path."""
    rules: Any = schema
    for step in path[:-1]:
        rules = rules[step]
    return rules if isinstance(rules, dict) else {}


_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


def _mistyped(value: object, types: Sequence[str], *, hidden: bool) -> str:
    expected = " or ".join(_TYPES[name] for name in sorted(types, reverse=True))
    quotes = "; put it in quotes" if "string" in types and isinstance(value, int | float) else ""
    return f"must be {expected}, not {'a string' if hidden and isinstance(value, str) else _named(value)}{quotes}"


def _named(value: object) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return quoted(value)
        case Mapping():
            return "an object"
        case list():
            return "a list"
        case _:
            return "a number"


def _printable(key: str) -> str:
    key = without_credentials(key)
    return key if key.isprintable() and key and " " not in key else quoted(key)
