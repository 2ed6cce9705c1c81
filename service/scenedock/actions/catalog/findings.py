"""The JSON form of findings in actions, HTTP and reports."""

from __future__ import annotations

from typing import Annotated

from scenedock.model.finding import Finding, Severity
from scenedock.model.json_documents import JsonDocument


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
