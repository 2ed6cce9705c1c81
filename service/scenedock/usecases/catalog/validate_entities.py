"""Validate the entities in files as Backstage would, without a Backstage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scenedock.catalog.reading.entity_files import MAX_BYTES
from scenedock.catalog.vocabulary.placeholders import placeholders_of
from scenedock.catalog.vocabulary.validation import problems_here, unknown_kind, unreadable_references
from scenedock.documents.problems import DocumentProblem
from scenedock.documents.reading import BACKSTAGE, Document, DocumentError, read_documents
from scenedock.model.finding import Finding, Place, Severity
from scenedock.model.json import Json


@dataclass(frozen=True, slots=True)
class Validation:
    """The numbers of files and entities, and the findings in the order of the files and their lines."""

    files: int
    entities: int
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """The number of findings with this severity."""
        return sum(finding.severity == severity for finding in self.findings)


def validate_entities(paths: Sequence[str], read: Callable[[str], bytes]) -> Validation:
    """Validate every document of every file; `read` returns the bytes of one of the paths.

    A file that is not YAML is a finding. Errors of `read` are not caught.
    """
    entities = 0
    findings: list[Finding] = []
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
            findings += sorted(_findings(path, document), key=lambda finding: finding.place.line or 0)
    return Validation(files=len(paths), entities=entities, findings=tuple(findings))


def _findings(path: str, document: Document) -> Iterator[Finding]:
    for severity, code, problem in _problems(document.value):
        yield Finding(severity, code, str(problem), Place(path=path, line=document.line_of(problem.path)))


def _problems(entity: Json) -> Iterator[tuple[Severity, str, DocumentProblem]]:
    if not isinstance(entity, dict):
        yield (
            "error",
            "invalid-entity",
            DocumentProblem((), "an entity is an object with apiVersion, kind and metadata"),
        )
        return
    for problem in problems_here(entity):
        yield "error", "invalid-entity", problem
    for problem in unreadable_references(entity):
        yield "error", "unreadable-reference", problem
    for path, target in placeholders_of(entity):
        yield "info", "unread-placeholder", DocumentProblem(path, f"stands in {target!r}, which was not read")
    if note := unknown_kind(entity):
        yield "info", "unknown-kind", DocumentProblem(("kind",), note)
