"""The JSON form of findings and coverage in actions, HTTP and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from scenedock.model.finding import Finding, Severity
from scenedock.model.json_documents import JsonDocument

if TYPE_CHECKING:
    from scenedock.catalog.explaining.coverage import Coverage


class FindingOutput(JsonDocument):
    """A problem to fix, or something to know about."""

    severity: Severity
    code: Annotated[str, "Stable identifier of this kind of finding"]
    message: str
    repository: Annotated[str, "Name of the repository; empty for entities from the input"]
    path: Annotated[str, "File or folder, relative to the repository's root"]
    line: Annotated[int | None, "Line, counted from 1"]
    remedy: Annotated[str, "What to do"]

    @classmethod
    def of(cls, finding: Finding) -> FindingOutput:
        """The document of a finding."""
        place = finding.place
        return cls(
            severity=finding.severity,
            code=finding.code,
            message=finding.message,
            repository=place.repository,
            path=place.path,
            line=place.line,
            remedy=finding.remedy,
        )


class MissingOutput(JsonDocument):
    """Things of one kind that no entity represents, for one reason."""

    reason: str
    count: int
    repository: Annotated[str, "Name of the repository where the first of them is"]
    path: Annotated[str, "Its file, relative to the repository's root"]
    line: Annotated[int | None, "Its line, counted from 1"]


class CoverageOutput(JsonDocument):
    """How much of what a tool deploys the catalog represents."""

    kind: Annotated[str, "What the tool calls it, such as `Argo CD Application`"]
    seen: int
    represented: int
    missing: tuple[MissingOutput, ...]

    @classmethod
    def of(cls, coverage: Coverage) -> CoverageOutput:
        """The document of a coverage."""
        return cls(
            kind=coverage.kind,
            seen=coverage.seen,
            represented=coverage.represented,
            missing=tuple(
                MissingOutput(
                    reason=each.reason,
                    count=each.count,
                    repository=each.place.repository,
                    path=each.place.path,
                    line=each.place.line,
                )
                for each in coverage.missing
            ),
        )
