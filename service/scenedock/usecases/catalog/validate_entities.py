"""Validate the entities in files as Backstage would, without a Backstage."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from scenedock.catalog.reading.entity_files import MAX_BYTES
from scenedock.catalog.reading.handwritten import PART_FILE
from scenedock.catalog.vocabulary.placeholders import Placeholder, insert, placeholders_of
from scenedock.catalog.vocabulary.validation import problems_here, unknown_kind, unreadable_references
from scenedock.catalog.vocabulary.web_links import RULE, unsafe_links
from scenedock.documents.problems import MISSING, DocumentProblem
from scenedock.documents.reading import BACKSTAGE, Document, DocumentError, read_documents
from scenedock.errors import ScenedockError
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.finding import Finding, Place, Severity
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.structs import dataclass

_Beside: TypeAlias = Callable[[str], bytes | None]
_Problem: TypeAlias = tuple[Severity, str, DocumentProblem]


@dataclass(frozen=True, slots=True)
class Validation:
    """The numbers of files and entities, and the findings in the order of the files and their lines."""

    files: int
    entities: int
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """The number of findings with this severity."""
        return sum(finding.severity == severity for finding in self.findings)


def validate_entities(
    paths: Sequence[str],
    read: Callable[[str], bytes],
    beside: Callable[[str, str], bytes | None] = lambda _path, _target: None,
) -> Validation:
    """Validate every document of every file; `read` returns the bytes of one of the paths.

    `beside` returns the bytes of a file that a placeholder of one of the paths names, or None if it isn't to be read.
    What a `catalog-info.part.yaml` lacks is only a note, as it completes a generated entity. A file that is not YAML is
    a finding. Errors of `read` are not caught.
    """
    entities = 0
    findings: list[Finding] = []
    described: dict[EntityRef, Place] = {}
    for path in paths:
        try:
            documents = read_documents(read(path), meaning=BACKSTAGE, max_bytes=MAX_BYTES)
        except DocumentError as error:
            findings.append(Finding("error", "invalid-yaml", str(error), Place(path=path, line=error.line)))
            continue
        if not documents:
            findings.append(Finding("warning", "no-entities", "the file has no entities", Place(path=path)))
        entities += len(documents)
        for document in documents:
            found = [*_findings(path, document, partial(beside, path)), *_described_twice(path, document, described)]
            findings += sorted(found, key=lambda finding: finding.place.line or 0)
    return Validation(files=len(paths), entities=entities, findings=tuple(findings))


def _findings(path: str, document: Document, beside: _Beside) -> Iterator[Finding]:
    for severity, code, problem in _problems(document.value, beside):
        place, said = Place(path=path, line=document.line_of(problem.path)), str(problem)
        if _is_part(path) and problem.message == MISSING:
            yield Finding("info", "missing-in-part", f"{said} here; the generated entity must have it", place)
        else:
            yield Finding(severity, code, said, place)


def _is_part(path: str) -> bool:
    return posixpath.basename(path) == PART_FILE


def _described_twice(path: str, document: Document, described: dict[EntityRef, Place]) -> Iterator[Finding]:
    """The finding for an entity whose reference another one has; `described` are those before, and gets this one."""
    entity = Entity(as_object(document.value))
    if entity.kind and entity.name and not _is_part(path):
        place = Place(path=path, line=document.line_of(("metadata", "name")))
        first = described.setdefault(entity.ref, place)
        if first is not place:
            said = f"{entity.ref} is already described in {first}; Backstage keeps only one of the two"
            yield Finding("warning", "duplicate-ref", said, place)


def _problems(entity: Json, beside: _Beside) -> Iterator[_Problem]:
    if not isinstance(entity, dict):
        yield (
            "error",
            "invalid-entity",
            DocumentProblem((), "an entity is an object with apiVersion, kind and metadata"),
        )
        return
    placeholders = {placeholder.path: placeholder for placeholder in placeholders_of(entity)}
    whole, found = _filled(entity, placeholders.values(), beside)
    yield from found
    refused = problems_here(whole)
    for problem in refused:
        inserted = placeholders.get(problem.path)
        said = inserted.mismatch(problem.expected) if inserted and problem.expected else ""
        yield "error", "invalid-entity", DocumentProblem(problem.path, said) if said else problem
    for path in unsafe_links(whole):
        if path not in {problem.path for problem in refused}:
            yield "warning", "unsafe-link", DocumentProblem(path, f"{RULE}; an export leaves it out")
    for problem in unreadable_references(whole):
        yield "error", "unreadable-reference", problem
    if note := unknown_kind(entity):
        yield "info", "unknown-kind", DocumentProblem(("kind",), note)


def _filled(
    entity: JsonObject, placeholders: Iterable[Placeholder], beside: _Beside
) -> tuple[JsonObject, list[_Problem]]:
    """The entity with the contents of the files that may be read, and what there is to say about the others."""
    found: list[_Problem] = []
    for each in placeholders:
        try:
            data = beside(each.target)
            if data is None:
                said = f"stands in {each.target!r}, which was not read"
                found.append(("info", "unread-placeholder", DocumentProblem(each.path, said)))
            else:
                entity = insert(entity, each, data)
        except (ValueError, ScenedockError) as error:
            said = f"refers to {each.target!r}: {error}"
            found.append(("error", "unread-placeholder", DocumentProblem(each.path, said)))
    return entity, found
