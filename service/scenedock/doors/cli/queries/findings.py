"""Findings in the formats of code hosts, for the commands that have some."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scenedock.catalog.explaining.coverage import Coverage
    from scenedock.model.finding import Finding
    from scenedock.usecases.catalog.export_catalog import Export

FINDING_FORMATS: Final = ("github", "gitlab", "sarif")


def format_findings(layout: str, findings: Sequence[Finding], export: Export, coverage: Sequence[Coverage] = ()) -> str:
    """One of `FINDING_FORMATS`: GitHub's workflow commands, GitLab's Code Quality report, or SARIF."""
    from scenedock.catalog.emitting.annotations import as_code_quality, as_workflow_commands

    prefixes = {contents.facts.name: contents.facts.prefix for contents in export.repositories}
    if layout == "github":
        return "\n".join(as_workflow_commands(findings, prefixes))
    if layout == "gitlab":
        return json.dumps(as_code_quality(findings, prefixes), indent=2, ensure_ascii=False)
    from importlib.metadata import version

    from scenedock.catalog.emitting.sarif import as_sarif

    document = as_sarif(findings, version("scenedock"), prefixes, coverage)
    return json.dumps(document, indent=2, ensure_ascii=False)
