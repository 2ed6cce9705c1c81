"""Faults are what they say, and strike when they should."""

from __future__ import annotations

import time

import pytest
import requests
from github import BadCredentialsException, GithubException, RateLimitExceededException
from github.InputGitTreeElement import InputGitTreeElement
from github.Repository import Repository

from tests.fakes.github import faults
from tests.fakes.github.conftest import commit
from tests.fakes.github.server import FakeGitHub
from tests.tools.server import wait_until


def test_limits_are_told_as_github_tells_them(fake: FakeGitHub, billing: Repository) -> None:
    fake.faults.add(before=faults.rate_limit(reset_in=30))
    fake.faults.add(at=2, before=faults.rate_limit(status=429))
    fake.faults.add(at=3, before=faults.secondary_rate_limit(retry_after=7))

    told = []
    for _ in range(3):
        with pytest.raises(GithubException) as caught:
            billing.get_branch("main")
        told.append(caught.value)

    assert [each.status for each in told] == [403, 429, 403]
    assert isinstance(told[0], RateLimitExceededException)
    headers = told[0].headers or {}
    assert headers["x-ratelimit-remaining"] == "0"
    assert int(headers["x-ratelimit-reset"]) - time.time() > 20
    assert (told[2].headers or {})["retry-after"] == "7"
    assert billing.get_branch("main").name == "main"


def test_a_request_that_had_its_effect_may_get_no_answer_or_a_wrong_one(fake: FakeGitHub, billing: Repository) -> None:
    held = fake.world.repository("acme/billing")
    fake.faults.add("POST .*/git/refs", before=faults.dropped)
    fake.faults.add("POST .*/git/refs", at=2, after=faults.dropped)
    fake.faults.add("POST .*/git/refs", at=3, after=faults.unavailable(502))
    sha = held.branch("main") or ""

    with pytest.raises(requests.ConnectionError):
        billing.create_git_ref("refs/heads/one", sha)
    with pytest.raises(requests.ConnectionError):
        billing.create_git_ref("refs/heads/two", sha)
    with pytest.raises(GithubException) as caught:
        billing.create_git_ref("refs/heads/three", sha)

    assert caught.value.status == 502
    assert list(held.git.refs("refs/heads/")) == ["refs/heads/main", "refs/heads/three", "refs/heads/two"]
    assert [each.status for each in fake.calls if each.path.endswith("/refs")] == [0, 0, 502]


def test_a_fault_strikes_for_as_long_as_it_is_on(fake: FakeGitHub, billing: Repository) -> None:
    fake.faults.add("GET .*/branches/", at=2, times=None, before=faults.unavailable(500))

    billing.get_branch("main")
    for _ in range(3):
        with pytest.raises(GithubException) as caught:
            billing.get_branch("main")
        assert caught.value.status == 500
    assert billing.get_topics() == []
    fake.faults.clear()
    assert billing.get_branch("main").name == "main"


def test_tokens_permissions_and_time_may_be_missing(fake: FakeGitHub, billing: Repository) -> None:
    fake.faults.add("GET", before=faults.bad_credentials)
    fake.faults.add("GET", at=2, before=faults.missing_permission)
    fake.faults.add("GET", at=3, before=faults.slow(0.2))

    with pytest.raises(BadCredentialsException):
        billing.get_branch("main")
    with pytest.raises(GithubException, match="Resource not accessible by integration"):
        billing.get_branch("main")
    begun = time.monotonic()
    billing.get_branch("main")
    assert time.monotonic() - begun >= 0.2


def test_something_may_happen_between_two_calls(fake: FakeGitHub, billing: Repository) -> None:
    """A branch moves after it was read and before it is written."""
    commit(billing, "task-1", {"a.txt": "text"})
    branch = billing.get_git_ref("heads/task-1")
    parent = billing.get_git_commit(branch.object.sha)
    tree = billing.create_git_tree([InputGitTreeElement("b.txt", "100644", "blob", content="text")], parent.tree)
    made = billing.create_git_commit("Add b.txt", tree, [parent])
    fake.faults.add(
        "PATCH", before=faults.calling(lambda: fake.world.commit("acme/billing", "task-1", {"c.txt": "text"}))
    )

    with pytest.raises(GithubException, match="Update is not a fast forward"):
        branch.edit(made.sha)


def test_the_effect_is_there_when_a_test_is_called_after_it(fake: FakeGitHub, billing: Repository) -> None:
    seen: list[list[str]] = []
    held = fake.world.repository("acme/billing")
    fake.faults.add("POST .*/git/refs", after=faults.calling(lambda: seen.append(list(held.git.refs("refs/heads/")))))

    billing.create_git_ref("refs/heads/one", held.branch("main") or "")

    assert seen == [["refs/heads/main", "refs/heads/one"]]


def test_a_client_that_is_gone_changes_nothing(fake: FakeGitHub, billing: Repository) -> None:
    fake.faults.add("POST .*/git/refs", after=faults.slow(0.3))
    held = fake.world.repository("acme/billing")
    headers = {"Authorization": f"token {fake.world.personal_token('ada', 'repo')}"}
    body = {"ref": "refs/heads/one", "sha": held.branch("main")}

    with pytest.raises(requests.Timeout):
        requests.post(f"{billing.url}/git/refs", json=body, headers=headers, timeout=0.1)

    assert billing.get_branch("one").name == "one"
    wait_until(lambda: fake.calls[-2].status == 201, "the end of the request")


def test_a_push_can_be_struck_too(fake: FakeGitHub, billing: Repository) -> None:
    fake.faults.add("/info/refs", before=faults.unavailable(503))

    assert requests.get(f"{billing.clone_url}/info/refs", timeout=10).status_code == 503
