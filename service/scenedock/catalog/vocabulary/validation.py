"""Whether Backstage's own validators would accept an entity, and every reason why they would not.

The results are those of a stock catalog: the entity policies SchemaValid, DefaultNamespace, NoForeignRootFields and
FieldFormat, then the validators of the core kinds (`@backstage/catalog-model` 1.10) and of the scaffolder's Template
(`@backstage/plugin-scaffolder-common` 2.3). The rules are in `schemas/entities`, by kind, and in `formats`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenedock.catalog.vocabulary.formats import FORMATS, ORDINARY, well_formed
from scenedock.catalog.vocabulary.placeholders import Placeholder, placeholders_of
from scenedock.catalog.vocabulary.relations import references_of
from scenedock.documents.problems import DocumentProblem, explained, quoted
from scenedock.model.json import JsonObject

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

_SCHEMAS = Path(__file__).parents[1] / "schemas" / "entities"


def problems_of(entity: JsonObject) -> tuple[DocumentProblem, ...]:
    """Everything for which Backstage's validators refuse the entity; nothing if they accept it.

    `entity` is made of plain dicts, lists and scalars, at most 255 levels deep. Of a kind that is unknown to them
    (see `unknown_kind`) only the envelope is validated. References between entities may be any text that is not empty.
    """
    try:
        return _validate(entity)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write and Rust can't hold
        return _validate(_well_formed(entity))


def problems_here(entity: JsonObject) -> tuple[DocumentProblem, ...]:
    """What `problems_of` says, except for values that come from other files (`$text`), which aren't read.

    Of these it says only that no file's content can have the right type there.
    """
    problems = problems_of(entity)
    elsewhere = list(placeholders_of(entity)) if problems else []
    return tuple(filter(None, (_of_placeholders(problem, elsewhere) for problem in problems)))


def _of_placeholders(problem: DocumentProblem, elsewhere: Collection[Placeholder]) -> DocumentProblem | None:
    """The problem as it is outside of placeholders; inside, what is certain of it."""
    for each in elsewhere:
        if problem.path[: len(each.path)] == each.path:
            said = each.mismatch(problem.expected) if problem.path == each.path and problem.expected else ""
            return DocumentProblem(each.path, said) if said else None
    return problem


def unknown_kind(entity: JsonObject) -> str:
    """A note on a kind for which a stock Backstage has no validator; empty if it has one.

    A Backstage refuses such an entity unless it has a processor for it.
    """
    version, kind = entity.get("apiVersion"), entity.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str) or (version, kind) in _known_kinds():
        return ""
    versions = sorted(known for known, name in _known_kinds() if name == kind)
    kinds = {name.lower(): name for _, name in _known_kinds()}
    from difflib import get_close_matches  # slow to import, and seldom needed

    similar = get_close_matches(kind.lower(), kinds, n=1)
    if versions:
        hint = f"; {kind} is supported in {' and '.join(versions)}"
    elif similar:
        hint = f"; did you mean {kinds[similar[0]]}?"
    else:
        hint = ""
    return (
        f"Backstage's own validators don't support {quoted(kind)} of {quoted(version)}, "
        f"so only the envelope was validated{hint}"
    )


def unreadable_references(entity: JsonObject) -> tuple[DocumentProblem, ...]:
    """References that the validators accept, but for which Backstage refuses the whole entity when it links it."""
    return tuple(
        DocumentProblem(reference.path, f"{reference.fault}; Backstage would refuse the whole entity")
        for reference in references_of(entity)
        if reference.fault
    )


def _validate(entity: JsonObject) -> tuple[DocumentProblem, ...]:
    title = _schema_name(entity)
    if _strict_validator(title).is_valid(entity):
        return ()
    validator = _validator(title)
    return tuple(problem for error in validator.iter_errors(entity) for problem in _explained(error))


def _explained(error: ValidationError) -> Iterator[DocumentProblem]:
    from jsonschema_rs import ValidationErrorKind as Broken

    if isinstance(error.kind, Broken.AdditionalProperties):
        path = tuple(error.instance_path)
        yield from (DocumentProblem((*path, name), _unexpected_field(name)) for name in error.kind.unexpected)
    else:
        yield from explained(error, FORMATS)


def _unexpected_field(name: str) -> str:
    if name in {"relations", "status"}:
        return "is set by the catalog and must not be in a file"
    return "is not a field of an entity, which has apiVersion, kind, metadata and spec; check the indentation"


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
    schemas = [json.loads(file.read_bytes()) for file in sorted(_SCHEMAS.glob("*.schema.json"))]
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
    """A validator that accepts only valid entities, and most of them without calling Python: by patterns of formats."""
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
