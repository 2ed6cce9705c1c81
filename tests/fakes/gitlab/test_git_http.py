"""git itself clones, fetches and pushes, with the same tokens and rules as the API."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitlab import Gitlab
from gitlab.v4.objects import Project

from tests.fakes.gitlab.server import FakeGitLab
from tests.fakes.shared.git_client import git


@pytest.fixture
def clone(fake: FakeGitLab, billing: Project, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    token = fake.world.personal_token("ada", "read_repository")
    done = git("clone", "--quiet", billing.http_url_to_repo, str(folder), token=token)
    assert done.returncode == 0, done.stderr
    (folder / "a.txt").write_text("text\n")
    git("-C", str(folder), "add", "a.txt")
    git("-C", str(folder), "commit", "--quiet", "-m", "Add a.txt")
    return folder


def test_a_push_is_seen_by_the_api_and_a_commit_of_the_api_by_a_fetch(
    fake: FakeGitLab, billing: Project, clone: Path
) -> None:
    token = fake.world.personal_token("bob", "write_repository")

    assert git("-C", str(clone), "push", "origin", "HEAD:refs/heads/task-1", token=token).returncode == 0
    assert billing.branches.get("task-1").commit["message"].strip() == "Add a.txt"

    made = fake.world.commit("acme/billing", "main", {"b.txt": "text"})
    assert git("-C", str(clone), "fetch", "--quiet", "origin", token=token).returncode == 0
    assert git("-C", str(clone), "rev-parse", "origin/main").stdout.strip() == made
    assert "POST /acme/billing.git/git-receive-pack" in fake.called()


def test_a_token_that_may_not_write_can_not_push(fake: FakeGitLab, billing: Project, clone: Path) -> None:
    revoked = fake.world.personal_token("ada", "api")
    fake.world.revoke(revoked)
    expired = fake.world.personal_token("ada", "api", days=0)
    guest = fake.world.project_token(fake.world.project("acme/billing"), "api", level=10)
    for token, said in (
        ("", "could not read Username"),
        ("glpat-unknown", "HTTP Basic: Access denied"),
        (revoked, "HTTP Basic: Access denied"),
        (expired, "HTTP Basic: Access denied"),
        (fake.world.personal_token("eve", "api"), "The project you were looking for could not be found"),
        (fake.world.personal_token("ada", "read_repository"), "You are not allowed to upload code."),
        (fake.world.personal_token("ada", "read_api"), "You are not allowed to upload code."),
        (guest, "You are not allowed to push code to this project."),
    ):
        done = git("-C", str(clone), "push", "origin", "HEAD:refs/heads/task-1", token=token)
        assert done.returncode != 0
        assert said in done.stderr
    assert [branch.name for branch in billing.branches.list()] == ["main"]


def test_a_protected_branch_is_refused_as_gitlab_refuses_it(fake: FakeGitLab, clone: Path) -> None:
    bob, ada = (fake.world.personal_token(name, "api") for name in ("bob", "ada"))

    done = git("-C", str(clone), "push", "origin", "HEAD:main", token=bob)
    assert "remote: GitLab: You are not allowed to push code to protected branches on this project." in done.stderr
    assert "(pre-receive hook declined)" in done.stderr

    assert git("-C", str(clone), "push", "origin", "HEAD:main", token=ada).returncode == 0
    git("-C", str(clone), "commit", "--quiet", "--amend", "-m", "Other")
    forced = git("-C", str(clone), "push", "--force", "origin", "HEAD:main", token=ada)
    assert "GitLab: You are not allowed to force push code to a protected branch on this project." in forced.stderr
    deleted = git("-C", str(clone), "push", "origin", ":main", token=ada)
    assert "GitLab: You can only delete protected branches using the web interface." in deleted.stderr


def test_the_first_branch_of_an_empty_project_becomes_its_default_branch_and_is_protected(
    fake: FakeGitLab, ada: Gitlab, clone: Path
) -> None:
    ada.projects.create({"name": "new", "namespace_id": fake.world.groups["acme"].id})
    url, token = f"{fake.url}/acme/new.git", fake.world.personal_token("ada", "write_repository")

    assert git("-C", str(clone), "push", url, "HEAD:refs/heads/trunk", token=token).returncode == 0

    made = ada.projects.get("acme/new")
    assert (made.default_branch, [each.name for each in made.protectedbranches.list()]) == ("trunk", ["trunk"])
    assert git("ls-remote", "--symref", url, "HEAD", token=token).stdout.startswith("ref: refs/heads/trunk\t")


def test_pushes_close_and_merge_the_merge_requests_that_they_concern(
    fake: FakeGitLab, billing: Project, clone: Path
) -> None:
    token = fake.world.personal_token("ada", "api")
    for branch in ("task-1", "task-2"):
        git("-C", str(clone), "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", token=token)
        billing.mergerequests.create({"source_branch": branch, "target_branch": "main", "title": branch})

    git("-C", str(clone), "push", "--quiet", "origin", ":task-1", token=token)
    git("-C", str(clone), "push", "--quiet", "origin", "HEAD:main", token=token)

    assert [each.state for each in billing.mergerequests.list()] == ["merged", "closed"]


def test_a_renamed_project_is_found_by_its_former_path(fake: FakeGitLab, ada: Gitlab, billing: Project) -> None:
    fake.world.rename(fake.world.project("acme/billing"), "invoices")

    assert ada.projects.get("acme/billing").id == billing.id
    assert [each.status for each in fake.calls if each.path.endswith("acme%2Fbilling")] == [301]
    token = fake.world.personal_token("ada", "read_repository")
    assert "refs/heads/main" in git("ls-remote", f"{fake.url}/acme/billing.git", token=token).stdout
