"""Golden cases: small repositories, and the catalog and findings that a user gets of them.

A case is a folder with `repo/` (or several in `repos/`), the expected `catalog-info.yaml`, and `findings.txt` where the
run has anything to say; `known.yaml` is handed over with `--known`. `make golden` rewrites what is expected.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.catalog.vocabulary.relations import references_of
from scenedock.doors.cli import main
from tests.tools.judge import judge, judge_references, read_with_backstage

HERE = Path(__file__).parent
CASES = sorted(path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_"))
REWRITE = os.environ.get("SCENEDOCK_GOLDEN") == "rewrite"


@dataclass(frozen=True)
class Run:
    """What a user gets: the entities as they are written, and the findings as lines."""

    catalog: str
    findings: str


@pytest.fixture(autouse=True)
def _outside_of_this_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases are copied out of this repository, whose own remote is none of theirs."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def run(case: str, work: Path, layout: str = "yaml") -> Run:
    folder = work / case
    if not folder.exists():
        shutil.copytree(HERE / case, folder, symlinks=True)
    several = folder / "repos"
    repositories = sorted(several.iterdir()) if several.is_dir() else [folder / "repo"]
    known = ["--known", str(folder / "known.yaml")] if (folder / "known.yaml").exists() else []
    written, report = folder / "written", folder / "report.json"
    arguments = [*map(str, repositories), *known, "--format", layout, "--output", str(written), "--report", str(report)]
    done = CliRunner().invoke(main, ["catalog", "export", *arguments], catch_exceptions=False)
    assert done.exit_code in {0, 1}, done.output
    said = json.loads(report.read_bytes())
    failed = any(finding["severity"] == "error" for finding in said["findings"])
    assert done.exit_code == (1 if failed else 0)
    catalog = written.read_text("utf-8") if written.exists() else "[]" if layout == "json" else ""
    return Run(catalog, "".join(f"{line}\n" for line in findings_of(said)))


def findings_of(report: Mapping[str, Any]) -> list[str]:
    """The findings and skips of a report, one line each."""
    said: list[str] = []
    for finding in report["findings"]:
        place = ":".join(str(part) for part in (finding["repository"], finding["path"], finding["line"]) if part)
        said.append(f"{finding['severity']} {finding['code']}: {place}: {finding['message']}. {finding['remedy']}")
    for repository in report["repositories"]:
        said.extend(f"skipped {repository['name']}:{skip['path']}: {skip['reason']}" for skip in repository["skipped"])
    return said


@pytest.mark.parametrize("case", CASES)
def test_a_repository_gives_the_expected_catalog_and_findings(case: str, tmp_path: Path) -> None:
    got = run(case, tmp_path)
    expected = {"catalog-info.yaml": got.catalog, "findings.txt": got.findings}
    for name, text in expected.items():
        file = HERE / case / name
        if REWRITE:
            file.write_bytes(text.encode()) if text else file.unlink(missing_ok=True)
        assert text == (file.read_bytes().decode() if file.exists() else ""), f"{case}/{name} (see make golden)"


def test_backstage_accepts_every_entity_and_reads_what_we_meant(tmp_path: Path) -> None:
    ours = [document for case in CASES for document in json.loads(run(case, tmp_path, "json").catalog)]
    stream = "---\n".join(path.read_text("utf-8") for path in sorted(HERE.glob("*/catalog-info.yaml")))
    assert read_with_backstage(stream) == ours
    refused = {
        f"{document['kind']}:{document['metadata']['name']}": verdict
        for document, verdict in zip(ours, judge(ours), strict=True)
        if verdict
    }
    assert refused == {}
    references = [(each.text, each.default_kind) for document in ours for each in references_of(document)]
    assert [each for each in zip(references, judge_references(references), strict=True) if each[1]] == []


def test_every_case_says_what_it_shows() -> None:
    assert [case for case in CASES if not (HERE / case / "README.md").is_file()] == []
