"""Findings beside the lines that they are about: as GitHub's workflow commands, and for GitLab's Code Quality."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scenedock.catalog.emitting.finding_files import file_of
from scenedock.model.finding import Finding, Severity
from scenedock.model.json import JsonObject

_COMMANDS: Final[Mapping[Severity, str]] = {"error": "error", "warning": "warning", "info": "notice"}
_SEVERITIES: Final[Mapping[Severity, str]] = {"error": "major", "warning": "minor", "info": "info"}


def as_workflow_commands(findings: Sequence[Finding], prefixes: Mapping[str, str]) -> Iterator[str]:
    """A line for each, as GitHub reads them from a step's output; it shows ten of each kind for a step.

    `prefixes` are as in `file_of`. Source: "Workflow commands for GitHub Actions"; the escapes are those of
    actions/toolkit.
    """
    for each in findings:
        file, line = _property(file_of(each, prefixes)), each.place.line or 1
        message = _data(f"{each.message}. {each.remedy}".strip())
        yield f"::{_COMMANDS[each.severity]} file={file},line={line},title={_property(each.code)}::{message}"


def as_code_quality(findings: Sequence[Finding], prefixes: Mapping[str, str]) -> list[JsonObject]:
    """The report that GitLab shows in a merge request. Source: "Code Quality report format".

    GitLab recognises what was there before by its fingerprint, so that has no line.
    """
    return [
        {
            "description": f"{each.message}. {each.remedy}".strip(),
            "check_name": each.code,
            "fingerprint": hashlib.sha256(f"{each.code}\n{file}\n{each.message}".encode()).hexdigest(),
            "severity": _SEVERITIES[each.severity],
            "location": {"path": file, "lines": {"begin": each.place.line or 1}},
        }
        for each in findings
        for file in [file_of(each, prefixes)]
    ]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
