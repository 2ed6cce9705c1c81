"""Findings as GitHub and GitLab read them, whatever a file says."""

from __future__ import annotations

from scenedock.catalog.emitting.annotations import as_code_quality, as_workflow_commands
from scenedock.model.finding import Finding, Place

PREFIXES = {"apps": "clusters/qa"}


def finding(message: str, line: int | None = 3, path: str = "a,b:c/values.yaml") -> Finding:
    return Finding("error", "values-odd", message, Place("apps", path, line), "Fix it.")


def test_nothing_in_a_finding_ends_githubs_command() -> None:
    odd = finding("100%\r\n::set-output name=result::passed")

    (said,) = as_workflow_commands([odd], PREFIXES)

    assert said == (
        "::error file=clusters/qa/a%2Cb%3Ac/values.yaml,line=3,title=values-odd::"
        "100%25%0D%0A::set-output name=result::passed. Fix it."
    )


def test_what_concerns_a_whole_repository_is_shown_in_its_settings() -> None:
    (said,) = as_workflow_commands([finding("odd", None, "")], PREFIXES)

    assert said.startswith("::error file=clusters/qa/scenedock.yaml,line=1,")


def test_gitlab_recognises_a_finding_that_moved_in_its_file() -> None:
    one, moved, other = as_code_quality([finding("odd", 3), finding("odd", 9), finding("even")], PREFIXES)

    assert one == {
        "description": "odd. Fix it.",
        "check_name": "values-odd",
        "fingerprint": one["fingerprint"],
        "severity": "major",
        "location": {"path": "clusters/qa/a,b:c/values.yaml", "lines": {"begin": 3}},
    }
    assert one["fingerprint"] == moved["fingerprint"] != other["fingerprint"]
