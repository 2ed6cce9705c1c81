"""Findings as actions, HTTP and reports tell them."""

from __future__ import annotations

from typing import Annotated

from scenedock.model.finding import Finding, Severity
from scenedock.model.json_documents import JsonDocument


class FindingOutput(JsonDocument):
    """One thing that a person should know or mend."""

    severity: Severity
    code: Annotated[str, "Stable word for what it is; alike findings share it"]
    message: str
    repository: Annotated[str, "Name of the repository; empty for entities that were given"]
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
