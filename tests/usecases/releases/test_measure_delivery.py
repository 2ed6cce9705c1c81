"""How often services are deployed to production, and how long that takes, from real git."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from scenedock.doors.cli.sources import Sources
from scenedock.releases.metrics import DeliveryMetrics
from scenedock.usecases.releases.measure_delivery import Delivery, measure_delivery
from tests.tools.commits import commit, git
from tests.usecases.releases.listing import run

CHART = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
NINE = "2026-01-01T09:00:00Z"
QA, PRODUCTION = "billing/values-qa.yaml", "billing/values-production.yaml"


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """QA has 1.1.0 from 2 o'clock and 1.2.0 from 4 on; production 1.1.0 from 5, 1.2.0 from 8 and 1.1.0 from 9 on."""
    root = tmp_path / "apps"
    base = {"billing/Chart.yaml": CHART, "billing/values.yaml": "image: {repository: acme/billing}\n"}
    tag = "image: {{tag: {}}}\n".format
    commit(root, 1, {**base, QA: tag("1.0.0"), PRODUCTION: tag("1.0.0"), "CODEOWNERS": "* @acme/payments\n"})
    commit(root, 2, {QA: tag("1.1.0")})
    commit(root, 4, {QA: tag("1.2.0")})
    for hour, version in ((5, "1.1.0"), (8, "1.2.0"), (9, "1.1.0")):
        commit(root, hour, {PRODUCTION: tag(version)})
    return root


def measured(root: Path, now: datetime) -> Delivery:
    sources = Sources((str(root),), None, None, None)
    with sources.opened() as opened:
        return measure_delivery(sources.export_of(opened), opened, 1, "owner", now)


def test_a_roll_back_is_a_deployment_and_has_no_lead_time(apps: Path) -> None:
    delivery = measured(apps, datetime(2026, 1, 2, 1, 30, tzinfo=UTC))
    assert delivery.metrics == (DeliveryMetrics("group:default/payments", 3, 21.0, 3.5, 2),)
    assert delivery.incomplete == ()


def test_a_version_may_have_come_to_its_first_environment_before_the_days_that_count(apps: Path) -> None:
    delivery = measured(apps, datetime(2026, 1, 2, 8, 30, tzinfo=UTC))
    assert delivery.metrics == (DeliveryMetrics("group:default/payments", 1, 7.0, 7.0, 1),)


def test_time_ends_the_search_between_commits_too(apps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenedock.usecases.releases.measure_delivery._SECONDS", 0.0)
    delivery = measured(apps, datetime(2026, 1, 2, 1, 30, tzinfo=UTC))
    assert delivery.metrics == (DeliveryMetrics("group:default/payments", 1, 7.0, None, 0),)
    assert delivery.incomplete == (
        "apps: commits before 2026-01-01T09:00:00Z were not searched: the time for it was over",
    )


def test_nobody_asks_for_authors(apps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(apps, "checkout", "--quiet", "-b", "update")
    commit(apps, 10, {PRODUCTION: "image: {tag: 1.3.0}\n"})
    git(apps, "checkout", "--quiet", "main")
    git(apps, "merge", "--quiet", "--no-ff", "--message=Merge", "update", hour=10)
    monkeypatch.delattr("scenedock.effects.git.history.GitHistory.author_of_merged")
    (found,) = measured(apps, datetime(2026, 1, 2, 1, 30, tzinfo=UTC)).metrics
    assert found.deployments == 4


def test_the_same_tag_with_another_digest_is_no_deployment(apps: Path) -> None:
    first, second = "@sha256:" + "a" * 64, "@sha256:" + "b" * 64
    commit(apps, 10, {QA: f"image: {{tag: '1.3.0{first}'}}\n"})
    commit(apps, 11, {PRODUCTION: f"image: {{tag: '1.3.0{second}'}}\n"})
    commit(apps, 12, {PRODUCTION: f"image: {{tag: '1.3.0{first}'}}\n"})
    commit(apps, 13, {PRODUCTION: "image: {tag: 1.3.0}\n"})
    (found,) = measured(apps, datetime(2026, 1, 2, 1, 30, tzinfo=UTC)).metrics
    assert (found.deployments, found.measured) == (4, 3)  # 1.3.0 once, an hour after QA

    shown = run("history", "billing", apps, "--environment", "production", "--format", "csv").splitlines()
    assert [line.split(",")[1:3] for line in shown[1:3]] == [["1.3.0", "2026-01-01T11:00:00Z"], ["1.1.0", NINE]]


def test_where_the_tag_moves_the_digest_is_the_version(apps: Path) -> None:
    commit(apps, 10, {PRODUCTION: f"image: {{tag: 'latest@sha256:{'a' * 64}'}}\n"})
    commit(apps, 11, {PRODUCTION: f"image: {{tag: 'latest@sha256:{'b' * 64}'}}\n"})
    (found,) = measured(apps, datetime(2026, 1, 2, 1, 30, tzinfo=UTC)).metrics
    assert found.deployments == 5


def test_a_history_says_where_it_begins(apps: Path) -> None:
    said = run("history", "billing", apps, "--environment", "production")
    assert "production: the history begins with " in said
    assert "1.0.0 may have been there before" in said
    (document,) = json.loads(run("history", "billing", apps, "--environment", "qa", "--format", "json"))
    assert [each["beginsHistory"] for each in document["versions"]] == [False, False, True]


def test_the_command_has_a_row_for_each_service(apps: Path) -> None:
    for layout in ("text", "csv", "json"):
        command = ["deployments", "metrics", str(apps), "--by", "service", "--days", "3650", "--format", layout]
        done = CliRunner().invoke(main, command, catch_exceptions=False)
        if layout == "json":
            (row,) = json.loads(done.stdout)["metrics"]
            assert (row["service"], row["deployments"], row["leadTimeHours"]) == ("billing", 3, 3.5)
        else:
            header, row, *said = done.stdout.splitlines()
            assert [line.replace(",", " ").split()[:2] for line in (header, row)] == [
                ["SERVICE", "DEPLOYMENTS"],
                ["billing", "3"],
            ]
            assert (layout == "text") == any(
                ", 3,650 days. What a repository's first commit brought isn't counted." in line for line in said
            )
