"""The golden cases once more, each read from a bare git repository at a branch: the same bytes come out."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main

HERE = Path(__file__).parent
CASES = sorted(path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_"))


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=Jane", "-c", "user.email=jane@acme.test", "-c", "core.autocrlf=false")
    subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True)


def bare(folder: Path) -> Path:
    """A bare repository that has the files of a folder on its branch `main`, and no folder of them any more."""
    repository = folder.with_name(f"{folder.name}.git")
    git(folder.parent, "init", "--bare", "--initial-branch=main", repository.name)
    filled = (f"--git-dir={repository}", "--work-tree=.")
    git(folder, *filled, "add", "--all", "--force")
    git(folder, *filled, "commit", "--allow-empty", "--message=All of it")
    shutil.rmtree(folder)
    return repository


def export(repositories: list[Path], known: Path, written: Path, *options: str) -> tuple[int, bytes, object]:
    """The exit code, the catalog, and the report without what can only be told of a folder."""
    arguments = [*map(str, repositories), *(["--known", str(known)] if known.exists() else []), *options]
    report = written.with_suffix(".json")
    done = CliRunner().invoke(
        main, ["catalog", "export", *arguments, "--output", str(written), "--report", str(report)]
    )
    return done.exit_code, written.read_bytes() if written.exists() else b"", json.loads(report.read_bytes())


@pytest.mark.parametrize("case", CASES)
def test_a_bare_repository_gives_the_bytes_of_the_folder(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    folder = tmp_path / case
    shutil.copytree(HERE / case, folder, symlinks=True)
    several = folder / "repos"
    roots = sorted(several.iterdir()) if several.is_dir() else [folder / "repo"]

    of_folders = export(roots, folder / "known.yaml", tmp_path / "folders.yaml")
    of_git = export([bare(root) for root in roots], folder / "known.yaml", tmp_path / "git.yaml", "--ref", "main")

    assert of_git == of_folders
