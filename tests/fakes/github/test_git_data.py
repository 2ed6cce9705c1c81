"""The Git data API keeps git's rules, and what it makes is good git."""

from __future__ import annotations

import pytest
import requests
from github import Github, GithubException
from github.InputGitTreeElement import InputGitTreeElement
from github.Organization import Organization
from github.Repository import Repository

from tests.fakes.github.conftest import commit
from tests.fakes.github.server import FakeGitHub

GONE = "0" * 39 + "1"


def test_an_empty_repository_has_no_git_data_until_a_first_file_is_written(
    fake: FakeGitHub, acme: Organization
) -> None:
    empty = acme.create_repo("empty")

    with pytest.raises(GithubException, match=r"Git Repository is empty\.") as caught:
        empty.create_git_blob("text", "utf-8")
    assert caught.value.status == 409

    empty.create_file("docs/first file.md", "Begin", "text\n")
    assert fake.world.repository("acme/empty").files("main") == {"docs/first file.md": ("100644", b"text\n")}
    empty.create_git_blob("text", "utf-8")


def test_what_is_made_through_it_is_sound_for_git(fake: FakeGitHub, billing: Repository) -> None:
    commit(billing, "many", {f"folder-{at % 7}/file {at}.txt": f"text {at}\n" for at in range(300)})

    held = fake.world.repository("acme/billing")
    held.git.run("fsck", "--strict")
    assert len(held.files("many")) == 301


def test_a_branch_moves_forward_only_unless_it_is_forced(fake: FakeGitHub, billing: Repository) -> None:
    first = billing.get_git_ref("heads/main").object.sha
    commit(billing, "scenedock/task-1", {"a.txt": "one"})
    branch = billing.get_git_ref("heads/scenedock/task-1")

    with pytest.raises(GithubException, match="Update is not a fast forward"):
        branch.edit(first)
    branch.edit(first, force=True)

    assert fake.world.repository("acme/billing").branch("scenedock/task-1") == first
    branch.delete()
    assert [each.ref for each in billing.get_git_matching_refs("heads/")] == ["refs/heads/main"]


def test_trees_are_made_upon_others_and_refuse_what_is_not_there(billing: Repository) -> None:
    base = billing.get_git_tree("main")
    blob = InputGitTreeElement("a/b/c.txt", "100644", "blob", content="text")
    nested = billing.create_git_tree([blob])
    grafted = billing.create_git_tree([InputGitTreeElement("x", "040000", "tree", sha=nested.sha)], base)

    paths = [each.path for each in billing.get_git_tree(grafted.sha, recursive=True).tree]
    assert paths == ["README.md", "x", "x/a", "x/a/b", "x/a/b/c.txt"]
    for wrong in (
        InputGitTreeElement("a.txt", "100644", "blob", sha=GONE),
        InputGitTreeElement("nowhere.txt", "100644", "blob", sha=None),
        InputGitTreeElement("../a.txt", "100644", "blob", content="text"),
        InputGitTreeElement(".git/hooks/update", "100755", "blob", content="text"),
    ):
        with pytest.raises(GithubException) as caught:
            billing.create_git_tree([wrong], base)
        assert caught.value.status == 422


def test_history_is_found_by_path_and_in_pages(fake: FakeGitHub, billing: Repository) -> None:
    for number in range(5):
        fake.world.commit("acme/billing", "main", {f"{number % 2}.txt": str(number)})

    billing._requester.per_page = 2
    assert [each.commit.message for each in billing.get_commits(path="0.txt")] == ["Change by somebody else"] * 3
    assert billing.get_commits().totalCount == 6
    assert len(fake.called("GET .*/commits")) == 3
    assert [each.filename for each in billing.get_commit("main").files] == ["0.txt"]


def test_a_commit_says_what_became_of_each_file(fake: FakeGitHub, billing: Repository) -> None:
    lines = "".join(f"{number}\n" for number in range(20))
    fake.world.commit("acme/billing", "main", {"old - name.txt": lines, "gone.txt": "text", "kept.txt": "a-\tb\n"})
    made = fake.world.commit(
        "acme/billing",
        "main",
        {"old - name.txt": None, "new name.txt": lines, "gone.txt": None, "kept.txt": "-\t\n", "logo.bin": "\0"},
    )

    files = {each.filename: each for each in billing.get_commit(made).files}

    assert {name: (each.status, each.additions, each.deletions) for name, each in files.items()} == {
        "gone.txt": ("removed", 0, 1),
        "kept.txt": ("modified", 1, 1),
        "logo.bin": ("added", 0, 0),
        "new name.txt": ("renamed", 0, 0),
    }
    assert files["new name.txt"].previous_filename == "old - name.txt"


def test_a_file_is_given_as_it_is_to_who_asks_for_that(fake: FakeGitHub, billing: Repository) -> None:
    headers = {
        "Accept": "application/vnd.github.v3.raw",
        "Authorization": f"token {fake.world.personal_token('ada', 'repo')}",
    }

    got = requests.get(f"{billing.url}/contents/README.md?ref=main", headers=headers, timeout=30)

    assert (got.status_code, got.text) == (200, "# billing")


def test_workflows_need_a_scope_of_their_own(fake: FakeGitHub, billing: Repository, ada: Github) -> None:
    fake.world.tokens[next(iter(fake.world.tokens))].scopes = ("repo",)
    workflow = InputGitTreeElement(".github/workflows/ci.yaml", "100644", "blob", content="on: push\n")

    with pytest.raises(GithubException) as caught:
        billing.create_git_tree([workflow])
    assert caught.value.status == 404
