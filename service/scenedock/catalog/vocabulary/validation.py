"""Whether Backstage's own validators would accept an entity, and everything that keeps them from it.

The verdicts are those of a stock catalog: the entity policies SchemaValid, DefaultNamespace, NoForeignRootFields and
FieldFormat, then the validators of the core kinds (`@backstage/catalog-model` 1.10) and of the scaffolder's Template
(`@backstage/plugin-scaffolder-common` 2.3). The rules stand in `schemas/entities`, one file a kind, and in `formats`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeAlias

from scenedock.catalog.vocabulary.formats import FORMATS, ORDINARY, well_formed
from scenedock.catalog.vocabulary.placeholders import placeholders_of
from scenedock.catalog.vocabulary.relations import references_of
from scenedock.model.json import JsonObject

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

Path: TypeAlias = tuple[str | int, ...]

_LONGEST_QUOTE = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a document. `path` leads from its root to the value, which may be missing."""

    path: Path
    message: str

    def __str__(self) -> str:
        return f"{shown(self.path)}: {self.message}"


def shown(path: Path) -> str:
    """The path as a person reads it, `metadata.links[0].url`; `the document` for the empty one."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in path)
    return text.removeprefix(".") or "the document"


def problems_of(entity: JsonObject) -> tuple[Problem, ...]:
    """Everything for which Backstage's validators refuse the entity; nothing if they accept it.

    `entity` is made of plain dicts, lists and scalars, at most 255 levels deep. Of a kind that is unknown to them
    (see `unknown_kind`) only the envelope is judged. References between entities may be any text that is not empty.
    """
    try:
        return _judged(entity)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write and Rust can't hold
        return _judged(_well_formed(entity))


def problems_here(entity: JsonObject) -> tuple[Problem, ...]:
    """What `problems_of` says, but for values that stand in other files (`$text`) and aren't read."""
    problems = problems_of(entity)
    elsewhere = [path for path, _ in placeholders_of(entity)] if problems else []
    return tuple(problem for problem in problems if not any(problem.path[: len(path)] == path for path in elsewhere))


def unknown_kind(entity: JsonObject) -> str:
    """What to tell about a kind that a stock Backstage has no validator for; empty if it has one.

    Such an entity needs a processor in the Backstage that reads it, else that one refuses it.
    """
    version, kind = entity.get("apiVersion"), entity.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str) or (version, kind) in _known_kinds():
        return ""
    versions = sorted(known for known, name in _known_kinds() if name == kind)
    kinds = {name.lower(): name for _, name in _known_kinds()}
    alike = get_close_matches(kind.lower(), kinds, n=1)
    if versions:
        hint = f"; {kind} is known in {' and '.join(versions)}"
    elif alike:
        hint = f"; did you mean {kinds[alike[0]]}?"
    else:
        hint = ""
    return (
        f"Backstage's own validators don't know {_quoted(kind)} of {_quoted(version)}, "
        f"so only the envelope was judged{hint}"
    )


def unreadable_references(entity: JsonObject) -> tuple[Problem, ...]:
    """References that the validators let pass and that the catalog fails on when it links the entity."""
    return tuple(
        Problem(
            reference.path, f"{reference.fault}; the validators accept it, but the catalog then can't link the entity"
        )
        for reference in references_of(entity)
        if reference.fault
    )


def _judged(entity: JsonObject) -> tuple[Problem, ...]:
    title = _schema_name(entity)
    if _strict_validator(title).is_valid(entity):
        return ()
    validator = _validator(title)
    return tuple(problem for error in validator.iter_errors(entity) for problem in _explained(error))


def _explained(error: ValidationError) -> Iterator[Problem]:
    from jsonschema_rs import ValidationErrorKind as Broken

    path: Path = tuple(error.instance_path)
    match error.kind:
        case Broken.Required(name):
            yield Problem((*path, name), "is missing")
        case Broken.AdditionalProperties(names):
            yield from (Problem((*path, name), _why_not_a_field(name)) for name in names)
        case Broken.PropertyNames(inner):
            yield from (Problem((*path, str(inner.instance)), problem.message) for problem in _explained(inner))
        case Broken.Format(name):
            yield Problem(path, f"{_named(error.instance)} {FORMATS[name].rule}")
        case Broken.Type(types):
            yield Problem(path, _mistyped(error.instance, types))
        case Broken.MinLength():
            yield Problem(path, "must not be empty")
        case Broken.Enum(options):
            yield Problem(path, f"must be {' or '.join(map(str, options))}, not {_named(error.instance)}")
        case _:
            yield Problem(path, error.message)


def _why_not_a_field(name: str) -> str:
    if name in {"relations", "status"}:
        return "is filled in by the catalog and must not stand in a file"
    return "is not a field of an entity, which has apiVersion, kind, metadata and spec; check the indentation"


_TYPES = {"object": "an object", "array": "a list", "string": "a string", "boolean": "true or false"}


def _mistyped(value: object, types: list[str]) -> str:
    wanted = " or ".join(_TYPES[name] for name in sorted(types, reverse=True))
    quotes = "; put it in quotes" if "string" in types and isinstance(value, int | float) else ""
    return f"must be {wanted}, not {_named(value)}{quotes}"


def _named(value: object) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return _quoted(value)
        case Mapping():
            return "an object"
        case list():
            return "a list"
        case _:
            return "a number"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")


def _printable(key: str) -> str:
    return key if key.isprintable() and key and " " not in key else _quoted(key)


def _well_formed(value: Any) -> Any:
    match value:
        case str():
            return well_formed(value)
        case dict():
            return {well_formed(key): _well_formed(item) for key, item in value.items()}
        case list():
            return [_well_formed(item) for item in value]
        case _:
            return value


def _schema_name(entity: JsonObject) -> str:
    version, kind = entity.get("apiVersion"), entity.get("kind")
    known = isinstance(version, str) and isinstance(kind, str) and (version, kind) in _known_kinds()
    return str(kind) if known else "Entity"


@cache
def _schemas() -> Mapping[str, dict[str, Any]]:
    folder = resources.files("scenedock.catalog") / "schemas" / "entities"
    schemas = [json.loads(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".schema.json")]
    return {schema["title"]: schema for schema in schemas}


@cache
def _known_kinds() -> frozenset[tuple[str, str]]:
    kinds = [schema["properties"] for title, schema in _schemas().items() if title != "Entity"]
    return frozenset((version, kind["kind"]["const"]) for kind in kinds for version in kind["apiVersion"]["enum"])


@cache
def _validator(title: str) -> Draft202012Validator:
    return _validator_of(_schemas(), title)


@cache
def _strict_validator(title: str) -> Draft202012Validator:
    """A validator whose yes is a yes: frequent formats are patterns of ordinary texts, and Rust asks no Python."""
    return _validator_of({name: _with_patterns(schema) for name, schema in _schemas().items()}, title)


def _validator_of(schemas: Mapping[str, dict[str, Any]], title: str) -> Draft202012Validator:
    from jsonschema_rs import Draft202012Validator, Registry

    return Draft202012Validator(
        schemas[title],
        formats={name: rule.holds for name, rule in FORMATS.items()},
        validate_formats=True,
        registry=Registry([(schemas["Entity"]["$id"], schemas["Entity"])]),
        offline=True,
    )


def _with_patterns(schema: Any) -> Any:
    """The schema with a pattern in the place of each format that has one for ordinary texts."""
    match schema:
        case {"format": str(name), **others} if name in ORDINARY:
            return {**_with_patterns(others), "pattern": f"^(?:{ORDINARY[name]})$"}
        case dict():
            return {key: _with_patterns(value) for key, value in schema.items()}
        case list():
            return [_with_patterns(value) for value in schema]
        case _:
            return schema
