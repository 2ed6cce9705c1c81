"""Findings for code scanning: SARIF, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" (OASIS)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from scenedock.catalog.emitting.finding_files import file_of
from scenedock.catalog.explaining.coverage import Coverage
from scenedock.model.finding import Finding, Severity
from scenedock.model.json import Json, JsonObject

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(
    findings: Sequence[Finding], version: str, prefixes: Mapping[str, str], coverage: Sequence[Coverage] = ()
) -> JsonObject:
    """One run of this program, with a result for each finding, and the coverage among its properties.

    `prefixes` are the names of the repositories, each with the path of its root in the clone. With one repository,
    paths count from the root of its clone; with several, the name of each stands in front.
    """
    codes = sorted({finding.code for finding in findings})
    rules: list[Json] = [{"id": code, "shortDescription": {"text": code.replace("-", " ")}} for code in codes]
    driver: JsonObject = {"name": "scenedock", "semanticVersion": version, "rules": rules}
    results: list[Json] = [_result(finding, codes.index(finding.code), prefixes) for finding in findings]
    properties: JsonObject = {"properties": {"coverage": [str(each) for each in coverage]}} if coverage else {}
    run: JsonObject = {"tool": {"driver": driver}, "results": results, **properties}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, rule: int, prefixes: Mapping[str, str]) -> JsonObject:
    uri = quote(file_of(finding, prefixes))
    region: JsonObject = {"startLine": finding.place.line or 1}
    location: JsonObject = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": region}
    identity = f"{finding.code}\n{uri}\n{finding.message}"
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.remedy}".strip()},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"scenedock/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }
