"""git itself clones, fetches and pushes, with the same tokens and rules as the API."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from github.Repository import Repository

from tests.fakes.github.server import FakeGitHub
from tests.fakes.github.test_repositories import protect
from tests.fakes.shared.git_client import git


@pytest.fixture
def clone(fake: FakeGitHub, billing: Repository, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    done = git("clone", "--quiet", billing.clone_url, str(folder), token=fake.world.personal_token("ada", "repo"))
    assert done.returncode == 0, done.stderr
    (folder / "a.txt").write_text("text\n")
    git("-C", str(folder), "add", "a.txt")
    git("-C", str(folder), "commit", "--quiet", "-m", "Add a.txt")
    return folder


def test_a_push_is_seen_by_the_api_and_a_commit_of_the_api_by_a_fetch(
    fake: FakeGitHub, billing: Repository, clone: Path
) -> None:
    token = fake.world.personal_token("ada", "repo")

    assert git("-C", str(clone), "push", "origin", "HEAD:refs/heads/task-1", token=token).returncode == 0
    assert billing.get_branch("task-1").commit.commit.message == "Add a.txt"

    made = fake.world.commit("acme/billing", "main", {"b.txt": "text"})
    assert git("-C", str(clone), "fetch", "--quiet", "origin", token=token).returncode == 0
    assert git("-C", str(clone), "rev-parse", "origin/main").stdout.strip() == made
    assert "POST /acme/billing.git/git-receive-pack" in fake.called()


def test_a_token_that_may_not_write_can_not_push(fake: FakeGitHub, billing: Repository, clone: Path) -> None:
    for token, said in (
        ("", "could not read Username"),
        ("ghp_unknown", "Authentication failed"),
        (fake.world.personal_token("eve", "repo"), "not found"),
        (fake.world.personal_token("bob", "repo"), "not found"),
    ):
        done = git("-C", str(clone), "push", "origin", "HEAD:refs/heads/task-1", token=token)
        assert done.returncode != 0
        assert said in done.stderr
    assert [branch.name for branch in billing.get_branches()] == ["main"]


def test_a_protected_branch_can_not_be_pushed_to(fake: FakeGitHub, billing: Repository, clone: Path) -> None:
    protect(billing, enforce_admins=True)

    done = git("-C", str(clone), "push", "origin", "HEAD:main", token=fake.world.personal_token("ada", "repo"))

    assert done.returncode != 0
    assert "GH006: Protected branch update failed for refs/heads/main." in done.stderr


def test_a_large_push_comes_in_pieces(fake: FakeGitHub, clone: Path) -> None:
    (clone / "large.bin").write_bytes(os.urandom(3_000_000))
    git("-C", str(clone), "add", "large.bin")
    git("-C", str(clone), "commit", "--quiet", "-m", "Add large.bin")

    done = git("-C", str(clone), "push", "origin", "HEAD:main", token=fake.world.personal_token("ada", "repo"))

    assert done.returncode == 0, done.stderr
    assert len(fake.world.repository("acme/billing").files()["large.bin"][1]) == 3_000_000
