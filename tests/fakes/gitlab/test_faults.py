"""Faults are what they say, and what GitLab doesn't describe is found out."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from gitlab.exceptions import GitlabHttpError
from gitlab.v4.objects import Project

from tests.fakes.gitlab import faults
from tests.fakes.gitlab.server import FakeGitLab, fake_gitlab
from tests.fakes.gitlab.test_main_flow import refused

BRANCH = {"branch": "x", "ref": "main"}


def test_a_limit_is_told_with_the_seconds_to_wait(fake: FakeGitLab, billing: Project) -> None:
    fake.faults.add(before=faults.rate_limit(7))
    url, token = f"{fake.url}/api/v4/projects/{billing.id}", fake.world.personal_token("ada", "api")

    told = requests.get(url, headers={"PRIVATE-TOKEN": token}, timeout=10)
    usual = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)

    assert (told.status_code, told.headers["Retry-After"], told.headers["RateLimit-Remaining"]) == (429, "7", "0")
    assert (usual.status_code, int(usual.headers["RateLimit-Remaining"]) > 0) == (200, True)


def test_a_request_that_had_its_effect_may_get_no_answer_or_a_wrong_one(fake: FakeGitLab, billing: Project) -> None:
    fake.faults.add("POST .*/branches", before=faults.dropped)
    fake.faults.add("POST .*/branches", at=2, after=faults.dropped)
    fake.faults.add("POST .*/branches", at=3, after=faults.unavailable(502))

    for name in ("one", "two"):
        with pytest.raises(requests.ConnectionError):
            billing.branches.create({"branch": name, "ref": "main"})
    assert refused(billing.branches.create, {"branch": "three", "ref": "main"})[0] == 502

    assert [each.name for each in billing.branches.list()] == ["main", "three", "two"]


def test_what_gitlab_does_not_describe_ends_the_test(tmp_path: Path) -> None:
    def ask() -> None:
        with fake_gitlab(tmp_path / "gitlab") as fake:
            assert requests.post(f"{fake.url}/api/v4/projects", json={"nome": "x"}, timeout=10).status_code == 400
            assert requests.get(f"{fake.url}/api/v4/nothing", timeout=10).status_code == 501

    with pytest.raises(AssertionError) as told:
        ask()

    assert "POST /api/v4/projects: nome: no such parameter" in str(told.value)
    assert "GET /api/v4/nothing: the fake has no such route" in str(told.value)


def test_kinds_of_parameters_are_looked_at(fake: FakeGitLab, billing: Project) -> None:
    with pytest.raises(GitlabHttpError):
        billing.manager.gitlab.http_post(
            f"/projects/{billing.id}/share", post_data={"group_id": "1", "group_access": 30}
        )

    assert fake.violations.pop().endswith("/share: group_id: not of its kind")
