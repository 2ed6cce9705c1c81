"""Nothing gets through that GitHub doesn't describe, from either side."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from github import Github
from github.Repository import Repository

from tests.fakes.github import server
from tests.fakes.github.call import Call, Route
from tests.fakes.github.openapi import operations, webhook_problems
from tests.fakes.github.server import FakeGitHub, fake_github
from tests.fakes.shared.messages import Answer


def ask(fake: FakeGitHub, method: str, path: str, body: Any = None) -> requests.Response:
    token = fake.world.personal_token("ada", "repo")
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, f"{fake.url}{path}", json=body, headers=headers, timeout=30)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/repos/acme/billing/git/refs", None, 404, "no such operation"),
        ("POST", "/repos/acme/billing", {}, 404, "no such operation"),
        ("GET", "/repos/acme/billing/forks", None, 501, "the fake has no GET /repos/{owner}/{repo}/forks"),
        ("POST", "/orgs/acme/repos", {"private": True}, 422, '"name" is a required property'),
        ("POST", "/orgs/acme/repos", {"name": "a", "private": "yes"}, 422, 'private: "yes" is not of type "boolean"'),
        ("POST", "/orgs/acme/repos", {"name": "a", "privat": True}, 422, "body privat: not in the description"),
        ("POST", "/orgs/acme/repos", None, 422, "body: missing"),
        ("GET", "/repos/acme/billing", {"name": "a"}, 422, "body: none is described"),
        ("GET", "/repos/acme/billing/pulls?state=merged", None, 422, 'query state: : "merged" is not one of'),
        ("GET", "/repos/acme/billing/pulls?author=ada", None, 422, "query author: not in the description"),
        ("GET", "/repos/acme/billing/pulls/first", None, 422, 'path pull_number: : "first" is not of type "integer"'),
    ],
)
def test_a_request_that_is_not_described_is_refused_and_noted(
    fake: FakeGitHub, billing: Repository, method: str, path: str, body: Any, status: int, said: str
) -> None:
    answered = ask(fake, method, path, body)

    assert answered.status_code == status
    assert said in answered.json()["message"]
    assert [said in each for each in fake.violations] == [True]
    fake.violations.clear()


def wrong(answer: Answer, _: Call) -> Answer:
    return answer


def test_an_answer_that_is_not_described_is_a_mistake_of_the_fake(
    fake: FakeGitHub, ada: Github, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = "GET /users/{username}"
    for answer, said in (
        (Answer(200, {"login": "bob"}), "is not valid under any of the schemas"),
        (Answer(201, {}), "status 201: not in the description"),
        (Answer(404, {"message": 7}), "message: 7 is not of type"),
    ):
        monkeypatch.setitem(server.ROUTES, operation, Route(operation, partial(wrong, answer)))
        assert ask(fake, "GET", "/users/bob").status_code == 500
        assert [said in each for each in fake.mistakes] == [True]
        fake.mistakes.clear()


def test_a_fake_that_breaks_says_where(fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    operation = "GET /users/{username}"
    monkeypatch.setitem(server.ROUTES, operation, Route(operation, lambda _: Answer(200, 1 / 0)))

    assert ask(fake, "GET", "/users/bob").status_code == 500
    assert ["ZeroDivisionError" in each for each in fake.mistakes] == [True]
    fake.mistakes.clear()


def test_payloads_of_webhooks_are_judged() -> None:
    assert webhook_problems("push", {}) != []


@pytest.mark.parametrize("noted", ["violations", "mistakes"])
def test_what_was_noted_fails_the_test_at_its_end(tmp_path: Path, noted: str) -> None:
    with pytest.raises(AssertionError), fake_github(tmp_path) as running:
        getattr(running, noted).append("something")


def test_every_route_is_an_operation_that_github_describes() -> None:
    assert [name for name in server.ROUTES if name not in operations().operations] == []
    assert len(server.ROUTES) == sum(len(area.ROUTES) for area in server._AREAS)


def test_paths_are_told_apart_however_many_slashes_a_branch_has() -> None:
    found = {
        "GET /repos/a/b/branches/x/y": ("GET /repos/{owner}/{repo}/branches/{branch}", "x/y"),
        "GET /repos/a/b/branches/x%2Fy": ("GET /repos/{owner}/{repo}/branches/{branch}", "x/y"),
        "PUT /repos/a/b/branches/x/y/protection": ("PUT /repos/{owner}/{repo}/branches/{branch}/protection", "x/y"),
        "GET /repos/a/b/git/ref/heads/x/y": ("GET /repos/{owner}/{repo}/git/ref/{ref}", "heads/x/y"),
    }
    for request, (name, last) in found.items():
        operation, values = operations().find(*request.split(" ", 1)) or pytest.fail(request)
        assert (operation.name, list(values.values())[-1]) == (name, last)
