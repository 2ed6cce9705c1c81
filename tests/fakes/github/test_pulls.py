"""Pull requests: one for each branch, merged in three ways where git can."""

from __future__ import annotations

import pytest
from github import GithubException
from github.Repository import Repository

from tests.fakes.github.conftest import commit
from tests.fakes.github.server import FakeGitHub


def test_there_is_one_for_each_branch_and_none_without_commits(billing: Repository) -> None:
    commit(billing, "task-1", {"a.txt": "text"})
    billing.create_pull(base="main", head="task-1", title="Add")

    for head, said in {
        "task-1": "A pull request already exists for acme:task-1.",
        "main": "No commits between",
    }.items():
        with pytest.raises(GithubException) as caught:
            billing.create_pull(base="main", head=head, title="Add")
        assert caught.value.status == 422
        assert said in caught.value.data["errors"][0]["message"]
    with pytest.raises(GithubException) as caught:
        billing.create_pull(base="main", head="nowhere", title="Add")
    assert caught.value.data["errors"][0]["field"] == "head"


@pytest.mark.parametrize(
    ("method", "subjects"),
    [
        ("merge", ["Merge pull request #1 from acme/task-1", "Change by somebody else", "Change task-1"]),
        ("squash", ["Add (#1)", "Change by somebody else"]),
        ("rebase", ["Change task-1", "Change by somebody else"]),
    ],
)
def test_it_is_merged_as_asked(fake: FakeGitHub, billing: Repository, method: str, subjects: list[str]) -> None:
    commit(billing, "task-1", {"a.txt": "text"})
    fake.world.commit("acme/billing", "main", {"b.txt": "text"})
    pull = billing.create_pull(base="main", head="task-1", title="Add")

    assert pull.mergeable
    merged = pull.merge(merge_method=method)

    held = fake.world.repository("acme/billing")
    messages = [each.message.splitlines()[0] for each in held.git.commits("--topo-order", "main")]
    assert sorted(messages) == sorted([*subjects, "Initial commit"])
    assert sorted(held.files()) == ["README.md", "a.txt", "b.txt"]
    assert (held.branch("main"), pull.is_merged()) == (merged.sha, True)
    assert billing.get_pull(1).merged_by.login == "ada"


def test_what_conflicts_or_has_moved_is_not_merged(fake: FakeGitHub, billing: Repository) -> None:
    first = commit(billing, "task-1", {"README.md": "ours"})
    fake.world.commit("acme/billing", "main", {"README.md": "theirs"})
    pull = billing.create_pull(base="main", head="task-1", title="Change")

    assert (pull.mergeable, pull.mergeable_state) == (False, "dirty")
    for method in ("merge", "rebase"):
        with pytest.raises(GithubException) as caught:
            pull.merge(merge_method=method)
        assert caught.value.status == 405
    fake.world.commit("acme/billing", "task-1", {"b.txt": "more"})
    with pytest.raises(GithubException, match="Head branch was modified") as caught:
        pull.merge(sha=first)
    assert caught.value.status == 409


def test_they_are_found_by_state_and_branch_in_pages(billing: Repository) -> None:
    for number in range(5):
        commit(billing, f"task-{number}", {f"{number}.txt": "text"})
        billing.create_pull(base="main", head=f"task-{number}", title=str(number), draft=number == 4)
    billing.get_pull(2).edit(state="closed")
    billing._requester.per_page = 2

    assert [each.number for each in billing.get_pulls()] == [5, 4, 3, 1]
    assert [each.number for each in billing.get_pulls(state="all", direction="asc")] == [1, 2, 3, 4, 5]
    assert [each.number for each in billing.get_pulls(head="acme:task-3")] == [4]
    assert [each.number for each in billing.get_pulls(head="acme:task-1")] == []
    assert [each.number for each in billing.get_pulls(head="acme:task-1", state="closed")] == [2]
    assert (billing.get_pull(2).state, billing.get_pull(2).merged, billing.get_pull(5).draft) == ("closed", False, True)


def test_one_whose_branch_is_deleted_is_closed(billing: Repository) -> None:
    sha = commit(billing, "task-1", {"a.txt": "text"})
    billing.create_pull(base="main", head="task-1", title="Add")

    billing.get_git_ref("heads/task-1").delete()

    closed = billing.get_pull(1)
    assert (closed.state, closed.merged, closed.head.sha) == ("closed", False, sha)
    with pytest.raises(GithubException, match="Validation Failed"):
        closed.edit(state="open")


def test_only_who_has_access_can_be_asked_to_review(billing: Repository) -> None:
    commit(billing, "task-1", {"a.txt": "text"})
    pull = billing.create_pull(base="main", head="task-1", title="Add")

    for login in ("eve", "ada", "nobody"):
        with pytest.raises(GithubException) as caught:
            pull.create_review_request(reviewers=[login])
        assert caught.value.status == 422
    pull.create_review_request(reviewers=["bob"])
    pull.add_to_labels("scenedock", "deployment")
    pull.create_issue_comment("Please look")

    assert [user.login for user in pull.get_review_requests()[0]] == ["bob"]
    assert [label.name for label in billing.get_pull(1).labels] == ["scenedock", "deployment"]
    assert [comment.body for comment in pull.get_issue_comments()] == ["Please look"]
    assert [each.filename for each in pull.get_files()] == ["a.txt"]
    assert [each.commit.message for each in pull.get_commits()] == ["Change task-1"]
