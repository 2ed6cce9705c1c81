"""That a token for a code host ends is known two weeks before, and that it isn't accepted at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scenedock.doors.http.app import make_app
from scenedock.effects.code_hosts.token_expiry import TokenExpiry
from scenedock.runtime.wiring import list_code_hosts
from tests.fakes.gitlab import faults
from tests.fakes.gitlab.server import FakeGitLab, fake_gitlab
from tests.tools.service import service_in


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[FakeGitLab]:
    with fake_gitlab(tmp_path / "gitlab") as running:
        running.world.group("acme", owners=("ada",))
        running.world.create_project(running.world.groups["acme"], "apps")
        yield running


def listed(gitlab: FakeGitLab, folder: Path, token: str) -> Path:
    host = gitlab.url.removeprefix("http://")
    (folder / "token").write_text(token)
    (folder / "hosts.yaml").write_text(
        f"hosts: [{{host: '{host}', type: gitlab, api: '{gitlab.url}/api/v4', owners: [acme], token_file: token}},"
        " {host: git.acme.example, type: git, owners: [acme], token_file: token}]"
    )
    return folder / "hosts.yaml"


@pytest.mark.parametrize(
    ("days", "said"),
    [(None, ""), (15, ""), (14, "in 14 days"), (1, "in one day")],
)
def test_the_end_of_a_token_is_told_two_weeks_before(
    gitlab: FakeGitLab, tmp_path: Path, days: int | None, said: str
) -> None:
    token = gitlab.world.personal_token("ada", "api", days=days)
    today = datetime.now(UTC).date()
    expiry = TokenExpiry(list_code_hosts(listed(gitlab, tmp_path, token)), lambda: today)

    expiry.look()

    host = gitlab.url.removeprefix("http://")
    assert expiry.days() == ({} if days is None else {host: days})
    told = [str(each) for each in expiry.reasons()]
    assert (len(told) == 1 and host in told[0] and said in told[0]) if said else told == []


def test_tokens_of_groups_and_projects_end_as_well_and_one_that_ended_is_told(
    gitlab: FakeGitLab, tmp_path: Path
) -> None:
    world = gitlab.world
    tokens = [
        world.group_token(world.groups["acme"], "api", days=2),
        world.project_token(world.project("acme/apps"), "api", days=3),
        world.personal_token("ada", "api"),
    ]
    world.revoke(tokens[2])
    told: list[str] = []

    for token in tokens:
        expiry = TokenExpiry(list_code_hosts(listed(gitlab, tmp_path, token)))
        expiry.look()
        told += [str(each) for each in expiry.reasons()]

    assert ["in 2 days" in told[0], "in 3 days" in told[1], "is not accepted" in told[2]] == [True] * 3


@pytest.mark.parametrize("status", [403, 404])
def test_a_gitlab_that_does_not_tell_is_no_reason_to_worry(gitlab: FakeGitLab, tmp_path: Path, status: int) -> None:
    gitlab.world.tells_of_tokens = status
    expiry = TokenExpiry(list_code_hosts(listed(gitlab, tmp_path, gitlab.world.personal_token("ada", "api"))))

    expiry.look()

    assert (expiry.days(), expiry.reasons()) == ({}, ())


def test_a_gitlab_that_cannot_be_reached_is_asked_again(gitlab: FakeGitLab, tmp_path: Path) -> None:
    token = gitlab.world.personal_token("ada", "api", days=3)
    expiry = TokenExpiry(list_code_hosts(listed(gitlab, tmp_path, token)))
    expiry.look()
    gitlab.faults.add("GET .*/self", before=faults.unavailable(503))

    expiry.look()

    assert len(expiry.reasons()) == 1


def test_the_service_says_that_a_token_ends(gitlab: FakeGitLab, tmp_path: Path) -> None:
    token = gitlab.world.personal_token("ada", "api", days=3)
    service = service_in(tmp_path / "data", code_hosts=listed(gitlab, tmp_path, token))
    service.feed.refresh()
    service.token_expiry.look()
    client = make_app(service).test_client()

    ready = client.get("/readyz").get_json()
    metrics = service.metrics.text().decode()
    service.stop()

    host = gitlab.url.removeprefix("http://")
    assert ready["status"] == "degraded"
    assert [each for each in ready["reasons"] if host in each and "renew it in its file" in each]
    assert f'scenedock_token_expiry_days{{host="{host}"}} 3.0' in metrics
    assert token not in f"{ready} {metrics}"
