"""What a person or an attacker put into a repository costs no more than its size: huge files, and folders without end.

Memory is that of real processes, the command and the git that it starts: the largest resident set of any of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scenedock.catalog.vocabulary.owners import MAX_BYTES
from tests.scenarios.repositories import BILLING, ENVIRONMENT, git, plant

SCENEDOCK = Path(sysconfig.get_path("scripts"), "scenedock")
MOST_MIBIBYTES = 200
# A process is also charged with the memory of the one that starts it, so a small one does.
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
KINDS = {
    "CODEOWNERS": "unreadable-codeowners",
    "argocd/billing.yaml": "unreadable-file",
    "worker/Chart.yaml": "unreadable-file",
    "billing/catalog-info.yaml": "unreadable-file",
    "billing/openapi.yaml": "unreadable-file",
    "billing/templates/deployment.yaml": "unreadable-file",
    "billing/values-production.yaml": "unreadable-file",
    "billing/values.yaml": "unreadable-file",
    "helmfile.yaml": "unreadable-file",
    "lists/production.yaml": "unreadable-app-list",
}
"""The kinds of files that are read, each with the code of the finding if it is too large."""
SETTINGS = "repository: https://github.com/acme/apps\napps:\n  - {file: 'lists/{environment}.yaml', items: services}\n"


@dataclass(frozen=True)
class Run:
    """How a command ended, what it said, and the memory that it took."""

    exit_code: int
    report: Mapping[str, Any]
    errors: str
    mebibytes: float


def export(folder: Path, *arguments: str | Path) -> Run:
    report = folder / "report.json"
    command = [SCENEDOCK, "catalog", "export", *arguments, "--output", folder / "catalog.yaml", "--report", report]
    with (folder / "errors").open("wb") as errors:
        launched = [sys.executable, "-c", LAUNCHER, *map(str, command)]
        process = subprocess.run(launched, cwd=folder, stdout=subprocess.PIPE, stderr=errors, check=False)
    said = json.loads(report.read_text()) if report.is_file() else {}
    return Run(process.returncode, said, (folder / "errors").read_text(), int(process.stdout) / 1024)


def told_by_git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], check=True, env=ENVIRONMENT, capture_output=True, text=True)
    return done.stdout.strip()


def findings_of(run: Run) -> list[tuple[str, str]]:
    """The path and code of each finding about size."""
    found = run.report["findings"]
    return sorted((each["path"], each["code"]) for each in found if "16,777,216" in each["message"])


def sparse(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


def test_a_working_copy_with_files_of_a_gibibyte(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", {**BILLING, "web/Chart.yaml": "name: web\n", "scenedock.yaml": SETTINGS})
    for path in KINDS:
        sparse(root / path, 1 << 30)

    run = export(tmp_path, root)

    assert run.exit_code == 1
    assert findings_of(run) == sorted(KINDS.items())
    assert run.mebibytes < MOST_MIBIBYTES


def test_settings_of_a_gibibyte_are_refused_by_their_name(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", BILLING)
    sparse(root / "scenedock.yaml", 1 << 30)

    run = export(tmp_path, root)

    assert run.exit_code == 2
    assert "apps/scenedock.yaml: can't be read: it has 1,073,741,824 bytes, and at most 16,777,216" in run.errors
    assert run.mebibytes < MOST_MIBIBYTES


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository in which every kind of file is a blob of 700 MB, and so is a link's target."""
    folder = tmp_path_factory.mktemp("bare")
    sparse(folder / "large", 700_000_000)
    root = folder / "apps.git"
    git(folder, "init", "--quiet", "--bare", str(root))
    large = told_by_git(root, "hash-object", "-w", "--no-filters", str(folder / "large"))
    (folder / "large").unlink()
    lines = [f"100644 {large}\t{path}" for path in KINDS] + [f"120000 {large}\tweb/values.yaml"]
    for path, text in {
        "billing/Chart.yaml": "name: billing\n",
        "web/Chart.yaml": "name: web\n",
        "scenedock.yaml": SETTINGS,
    }.items():
        (folder / "small").write_text(text)
        lines.append(f"100644 {told_by_git(root, 'hash-object', '-w', str(folder / 'small'))}\t{path}")
    subprocess.run(
        ["git", "-C", root, "update-index", "--add", "--index-info"], input="\n".join(lines), text=True, check=True
    )
    who = ("-c", "user.name=Jane", "-c", "user.email=jane@acme.test")
    commit = told_by_git(root, *who, "commit-tree", told_by_git(root, "write-tree"), "-m", "Large")
    git(root, "update-ref", "refs/heads/main", commit)
    return root


def test_a_bare_repository_with_blobs_of_700_megabytes(bare: Path, tmp_path: Path) -> None:
    run = export(tmp_path, bare, "--ref", "main")

    assert run.exit_code == 1
    assert findings_of(run) == sorted(KINDS.items())
    assert run.mebibytes < MOST_MIBIBYTES


def test_codeowners_that_github_ignores_for_their_size_set_no_owners(tmp_path: Path) -> None:
    rules = "/billing/ @acme/payments\n" * (MAX_BYTES // 25 + 1)
    run = export(tmp_path, plant(tmp_path / "apps", {**BILLING, "CODEOWNERS": rules}))

    said = [each["message"] for each in run.report["findings"] if each["code"] == "unreadable-codeowners"]
    assert ["GitHub ignores a CODEOWNERS file of more than 3,000,000" in each for each in said] == [True]
    assert run.mebibytes < MOST_MIBIBYTES


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A repository of a chart, and beside it 5,000 folders, each in the one before."""
    root = plant(tmp_path / "apps", BILLING)
    inner = os.open(root, os.O_RDONLY)
    try:
        for name in ("deep", *["d"] * 5000):
            os.mkdir(name, dir_fd=inner)
            outer, inner = inner, os.open(name, os.O_RDONLY, dir_fd=inner)
            os.close(outer)
        os.close(os.open("Chart.yaml", os.O_CREAT | os.O_WRONLY, dir_fd=inner))
        os.close(inner)
        yield root
    finally:
        subprocess.run(["rm", "-r", root / "deep"], check=True)  # too deep for pytest


def test_folders_without_end_cost_one_finding(deep: Path, tmp_path: Path) -> None:
    run = export(tmp_path, deep)

    found = [each for each in run.report["findings"] if each["code"] == "path-too-long"]
    assert [(each["path"], each["severity"]) for each in found] == [("deep/d/d", "warning")]
    assert run.exit_code == 0
    assert "name: billing" in (tmp_path / "catalog.yaml").read_text()
    assert run.mebibytes < MOST_MIBIBYTES


def test_a_tree_without_end_costs_one_finding(tmp_path: Path) -> None:
    root = tmp_path / "apps.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(root))
    parts = ["blob", "mark :1", "data 8", "name: x", "", "commit refs/heads/main", "committer J <j@acme.test> 0 +0000"]
    parts += ["data 1", "x", f"M 100644 :1 {'d/' * 5000}Chart.yaml", "M 100644 :1 billing/Chart.yaml", ""]
    subprocess.run(["git", "-C", root, "fast-import", "--quiet"], input="\n".join(parts), text=True, check=True)

    run = export(tmp_path, root, "--ref", "main")

    assert [each["path"] for each in run.report["findings"] if each["code"] == "path-too-long"] == ["d/d/d"]
    assert "name: billing" in (tmp_path / "catalog.yaml").read_text()
    assert run.mebibytes < MOST_MIBIBYTES
