"""Commits of changes in clones: all of a change is made, or nothing, and the last line says which."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.tools.commits import commit, git

OLD, NEW = ("image:\n  repository: acme/{}\n  tag: " + tag + "\n" for tag in ("1.0.0", "1.1.0"))


def run(*arguments: str | Path, code: int = 0) -> str:
    asked = ["deployments", "set-version", "--environment", "qa", "--version", "1.1.0", *map(str, arguments)]
    done = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def asked(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(root: Path, service: str) -> Path:
    chart = f"apiVersion: v2\nname: {service}\nversion: 1.0.0\n"
    commit(root, 1, {f"{service}/Chart.yaml": chart, f"{service}/values-qa.yaml": OLD.format(service)})
    git(root, "config", "user.name", "Jane")
    git(root, "config", "user.email", "jane@acme.test")
    return root


def refuse_commits(root: Path, said: str) -> None:
    hook = root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{said}\nexit 1\n")
    hook.chmod(0o755)


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    return repository(tmp_path / "apps", "billing")


@pytest.mark.parametrize(("said", "why"), [("echo Not on a Friday >&2", "Not on a Friday"), ("", "git commit failed")])
def test_a_commit_that_a_hook_refuses_changes_nothing(apps: Path, said: str, why: str) -> None:
    refuse_commits(apps, said)
    for _ in range(2):  # a second try isn't told that all is done
        assert f"git can't commit: {why}; nothing is changed" in run("--service", "billing", apps, "--commit", code=2)
        assert asked(apps, "status", "--porcelain") == ""
    assert (apps / "billing/values-qa.yaml").read_text() == OLD.format("billing")


def test_a_repository_in_a_merge_stays_as_it_is(apps: Path) -> None:
    git(apps, "checkout", "-q", "-b", "other")
    commit(apps, 2, {"README.md": "Ours\n"})
    git(apps, "checkout", "-q", "main")
    git(apps, "merge", "-q", "--no-ff", "--no-commit", "other")
    assert "during a merge.; nothing is changed" in run("--service", "billing", apps, "--commit", code=2)
    assert asked(apps, "status", "--porcelain") == "A  README.md"


def test_a_commit_in_one_repository_is_taken_back_if_another_refuses(apps: Path, tmp_path: Path) -> None:
    others = repository(tmp_path / "others", "search")
    refuse_commits(others, "")
    before = asked(apps, "rev-parse", "HEAD")
    said = run("--service", "billing", "--service", "search", apps, others, "--commit", code=2)
    assert "others: git can't commit: git commit failed; nothing is changed" in said
    assert asked(apps, "rev-parse", "HEAD") == before
    for root, service in ((apps, "billing"), (others, "search")):
        assert asked(root, "status", "--porcelain") == ""
        assert (root / service / "values-qa.yaml").read_text() == OLD.format(service)


def test_what_a_hook_has_made_of_a_file_is_named(apps: Path) -> None:
    refuse_commits(apps, "echo '# checked' >> billing/values-qa.yaml")
    said = run("--service", "billing", apps, "--commit", code=2)
    assert "these changes could not be taken back: apps:billing/values-qa.yaml" in said


def test_a_version_that_is_written_and_not_committed_is_not_done(apps: Path) -> None:
    run("--service", "billing", apps, "--write")
    assert (apps / "billing/values-qa.yaml").read_text() == NEW.format("billing")
    said = run("--service", "billing", apps, "--commit", code=4)
    assert "Error: apps: billing/values-qa.yaml has changes that aren't committed; commit or stash them first" in said
    run("--service", "billing", apps, "--write")
    git(apps, "commit", "-qam", "Promote")
    assert "nothing to change" in run("--service", "billing", apps, "--commit")


@pytest.mark.parametrize(
    "written",
    [
        "x-tag: &tag {} # of both\nimage:\n  repository: acme/billing\n  tag: *tag\nsidecar: {{version: *tag}}\n",
        "sidecar: &image\n  repository: acme/billing\n  tag: '{}'\nimage: *image\n",
    ],
)
def test_a_tag_that_is_an_alias_is_set_where_its_anchor_is_and_rolled_back_to_the_byte(
    tmp_path: Path, written: str
) -> None:
    root = repository(tmp_path / "apps", "billing")
    old, new = written.format("1.0.0"), written.format("1.1.0")
    commit(root, 2, {"billing/values-qa.yaml": old})

    said = run("--service", "billing", root, "--commit")
    assert ("change, too, by an anchor: x-tag, sidecar.version" in said) == ("x-tag" in written), said
    assert (root / "billing/values-qa.yaml").read_text() == new
    back = ["deployments", "roll-back", "billing", str(root), "--environment", "qa", "--commit"]
    assert CliRunner().invoke(main, back, catch_exceptions=False).exit_code == 0
    assert (root / "billing/values-qa.yaml").read_text() == old
