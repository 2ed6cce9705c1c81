"""The real client sees the same, from a new repository to a merged pull request, on our fake and on somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github import Github, GithubException
from github.InputGitAuthor import InputGitAuthor
from github.InputGitTreeElement import InputGitTreeElement

from tests.fakes.github.conftest import connected
from tests.fakes.github.emulate import emulate
from tests.fakes.github.server import fake_github

PREFIXES = {"fake": "", "fake, as GitHub Enterprise": "/api/v3"}


@pytest.fixture(params=[*PREFIXES, "emulate"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Github]:
    if request.param == "emulate":
        with emulate(tmp_path, "acme", "ada", ["bob"]) as other, connected(other.url, other.token) as made:
            yield made
        return
    with fake_github(tmp_path / "github") as fake:
        fake.world.organization("acme", admins=("ada",), members=("bob",))
        token = fake.world.personal_token("ada", "repo")
        with connected(f"{fake.url}{PREFIXES[request.param]}", token) as made:
            yield made


def refused(*arguments: Any, by: Any) -> int:
    with pytest.raises(GithubException) as caught:
        by(*arguments)
    return caught.value.status


def test_a_repository_a_commit_and_a_merged_pull_request_are_the_same_everywhere(client: Github) -> None:
    acme = client.get_organization("acme")
    made = acme.create_repo("billing", description="Bills", private=True, auto_init=True)
    made.replace_topics(["helm", "gitops"])
    repository = client.get_repo("acme/billing")

    assert (repository.description, repository.private, repository.default_branch) == ("Bills", True, "main")
    assert repository.get_topics() == ["helm", "gitops"]
    assert refused("billing", by=acme.create_repo) == 422
    assert refused("acme/none", by=client.get_repo) == 404

    base = repository.get_git_commit(repository.get_git_ref("heads/main").object.sha)
    blob = repository.create_git_blob("AAEC", "base64")
    elements = [
        InputGitTreeElement("a/b.txt", "100644", "blob", content="hello\n"),
        InputGitTreeElement("run.sh", "100755", "blob", content="#!/bin/sh\n"),
        InputGitTreeElement("logo.bin", "100644", "blob", sha=blob.sha),
        InputGitTreeElement("README.md", "100644", "blob", sha=None),
    ]
    tree = repository.create_git_tree(elements, base.tree)
    author = InputGitAuthor("Jane", "jane@example.org", "2026-01-02T03:04:05Z")
    commit = repository.create_git_commit("Add files\n\nTask: 1", tree, [base], author=author)
    repository.create_git_ref("refs/heads/task-1", commit.sha)

    # Ids of git: what has the same content has the same id, wherever it is.
    assert (blob.sha, tree.sha) == (
        "8352675d67aed6625ece79af41c27fdb4ee2e867",
        "21beeeede6cb3eb10cb102d32276f86a3de8581c",
    )
    assert repository.get_git_commit(commit.sha).author.email == "jane@example.org"
    assert refused("refs/heads/task-1", commit.sha, by=repository.create_git_ref) == 422
    assert refused("refs/heads/task-2", "0" * 39 + "1", by=repository.create_git_ref) == 422
    assert repository.compare("main", "task-1").status == "ahead"

    pull = repository.create_pull(base="main", head="task-1", title="Add files", body="For Jane")
    pull.add_to_labels("scenedock")
    pull.create_review_request(reviewers=["bob"])

    assert (pull.number, pull.state, pull.merged, pull.user.login) == (1, "open", False, "ada")
    assert [label.name for label in pull.get_labels()] == ["scenedock"]
    assert [user.login for user in repository.get_pull(1).requested_reviewers] == ["bob"]
    assert [each.number for each in repository.get_pulls(head="acme:task-1")] == [1]
    assert [each.number for each in repository.get_pulls(head="acme:main")] == []

    assert pull.merge(merge_method="squash").merged
    merged = repository.get_pull(1)
    assert (merged.merged, merged.state) == (True, "closed")
    assert [(each.path, each.mode) for each in repository.get_git_tree("main", recursive=True).tree] == [
        ("a", "040000"),
        ("a/b.txt", "100644"),
        ("logo.bin", "100644"),
        ("run.sh", "100755"),
    ]
    content = repository.get_contents("a/b.txt")
    assert not isinstance(content, list)
    assert content.decoded_content == b"hello\n"
