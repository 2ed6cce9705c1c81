"""Read the files that people write for Scenedock: settings, tokens, lists, tasks, answers.

All problems of a file are reported at once, in the order of the file, each on its own line that begins with
`FILE:LINE:COLUMN`. No message of this module repeats a value: somebody may have written a secret in the wrong place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from scenedock.documents.problems import DocumentProblem, Format, Path, explained, shown, unknown_key
from scenedock.documents.reading import BACKSTAGE, Document, DocumentError, read_documents
from scenedock.documents.scalars import Meaning
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject, as_list, as_object
from scenedock.structs import dataclass

Rules: TypeAlias = Callable[[JsonObject], Iterable[DocumentProblem]]
"""Returns the problems that the schema can't express; the value is an object, but may be invalid otherwise."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A file's content with its positions; `label` names the file in messages."""

    label: str
    document: Document

    @property
    def value(self) -> JsonObject:
        """The object that the file holds; an empty file holds an empty one."""
        return as_object(self.document.value)

    def line_of(self, *path: str | int) -> int:
        """The line where the value at a path of keys and indexes begins, or else its nearest existing parent."""
        return self.document.line_of(path)

    def place(self, path: Path) -> str:
        """`FILE:LINE:COLUMN` of the value at a path, or else of its nearest existing parent."""
        line, column = self.document.position_of(path)
        return f"{self.label}:{line}:{column}"

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Add `FILE:LINE:COLUMN` to each InputError raised inside that has a path."""
        try:
            yield
        except InputError as error:
            parts = sorted(error.parts, key=lambda part: self.document.position_of(part.path or ()))
            lines = (f"{self.place(part.path)}: {part}" if part.path is not None else str(part) for part in parts)
            raise InputError("\n".join(lines)) from error

    def refusal(self, problems: Iterable[DocumentProblem]) -> InputError:
        """The error that reports all these problems, in the order of the file; the same keys are listed once."""
        ordered = sorted(problems, key=lambda problem: (self.document.position_of(problem.path), str(problem)))
        listed: set[tuple[str, ...]] = set()
        lines: list[str] = []
        for problem in ordered:
            lines.append(f"{self.place(problem.path)}: {problem.brief if problem.keys in listed else problem}")
            listed.add(problem.keys)
        return InputError("\n".join(lines))


def read_configuration(
    data: bytes,
    label: str,
    *,
    schema: Mapping[str, Any] | None = None,
    formats: Mapping[str, Format] | None = None,
    rules: Rules | None = None,
    meaning: Meaning = BACKSTAGE,
) -> Configuration:
    """Read a YAML (or JSON) file that holds one object.

    `schema` is a JSON Schema (2020-12), whose error messages `explained` describes, and `formats` are the formats that
    it names. `rules` check what no schema can express. The JSON Schema library takes 10 MiB of memory, so it is loaded
    only if there is a schema.

    Raises
    ------
    InputError   not YAML, not an object, or against the schema or the rules; every problem has its place
    """
    try:
        documents = read_documents(data, meaning=meaning)
    except DocumentError as error:
        raise error.in_file(label) from error
    if len(documents) > 1:
        raise InputError(f"{label}:{documents[1].line}:1: a second document begins here; the file may have only one")
    configuration = Configuration(label, documents[0] if documents else Document({}))
    if not isinstance(configuration.document.value, Mapping):
        raise configuration.refusal([DocumentProblem((), "must be an object, `key: value`")])
    problems = _schema_problems(configuration.value, schema, formats or {}) if schema else set()
    problems |= set(rules(configuration.value)) if rules else set()
    if problems:
        raise configuration.refusal(problems)
    return configuration


def field_problems(
    value: JsonObject, path: Path, readers: Mapping[str, Callable[[Json], object]]
) -> Iterator[DocumentProblem]:
    """The problems of the fields of the object at a path; a field's reader raises ValueError for an invalid value."""
    for name, written in value.items():
        if name not in readers:
            yield unknown_key((*path, name), readers)
            continue
        try:
            readers[name](written)
        except ValueError as error:
            yield DocumentProblem((*path, name), str(error))


def repeated_names(value: JsonObject, items: str, key: str) -> Iterator[DocumentProblem]:
    """The items of a list that have the same name (under `key`) as an earlier item."""
    seen: dict[Json, int] = {}
    for index, item in enumerate(as_list(value.get(items))):
        name = as_object(item).get(key)
        if isinstance(name, str) and (first := seen.setdefault(name, index)) != index:
            yield DocumentProblem(
                (items, index, key), f"is the same as that of {shown((items, first))}; names must differ"
            )


def _schema_problems(
    value: JsonObject, schema: Mapping[str, Any], formats: Mapping[str, Format]
) -> set[DocumentProblem]:
    from jsonschema_rs import Draft202012Validator

    validator = Draft202012Validator(
        dict(schema),
        formats={name: each.holds for name, each in formats.items()},
        validate_formats=True,
        mask="the value",  # the library's own messages say this in place of the value
    )
    errors = validator.iter_errors(value)
    return {problem for error in errors for problem in explained(error, formats, schema=schema)}
