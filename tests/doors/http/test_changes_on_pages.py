"""The pages show what is proposed and locked for each deployment, and lead to the forms that change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenedock.doors.http.app import make_app
from scenedock.runtime.feed.open_changes import KeptOpenChanges
from scenedock.runtime.service import Service
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.changes.open_changes import OpenChanges
from tests.doors.http.test_pages import get
from tests.fakes.github import faults
from tests.publishing.deploying import FILES, Deploying, deploying_in
from tests.publishing.test_deploying import LOCK
from tests.tools.service import service_in


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Deploying]:
    with deploying_in(tmp_path / "acme") as company:
        yield company


@pytest.fixture
def served(acme: Deploying, tmp_path: Path) -> Iterator[Service]:
    opened = service_in(tmp_path / "data", repositories=(str(acme.clone),), code_hosts=acme.hosts)
    opened.feed.build = build_feed
    yield opened
    opened.stop()


def pages_of(served: Service) -> tuple[str, str]:
    """The board and the page of billing, once the code host has been asked."""
    served.feed.refresh()
    client = make_app(served).test_client()
    first = get(client, "/board").text
    assert "Open changes are unknown of 1 repository: gitops: the code host is being asked" in first
    served.open_changes.wait()
    return get(client, "/board").text, get(client, "/services/billing").text


def test_a_cell_shows_its_pull_request_its_lock_and_the_way_to_promote(acme: Deploying, served: Service) -> None:
    acme.change({"scenedock.yaml": LOCK})
    made = acme.deploy("set-version", environment="qa", version="1.5.0")

    board, page = pages_of(served)

    assert "unknown of" not in board
    assert f"href='{made['pullRequestUrl']}'" in board.replace('"', "'")
    assert "#1</a>" in board
    assert board.count(">locked</small>") == 1
    assert "production is locked until 2099-01-01: freeze" in board
    assert "/actions/promote-deployment?services=billing&amp;fromEnvironment=dev&amp;toEnvironment=qa" in board
    assert "#1 Set billing in qa to 1.5.0" in page
    assert "/actions/roll-back-deployment?services=billing&amp;environment=production" in page
    assert "/actions/plan-environment?service=billing&amp;fromEnvironment=production" in page
    assert "/actions/preview-retirement?service=billing&amp;environment=production" in page


def test_a_set_is_shown_for_each_of_its_services_and_told_beside_a_single_one(acme: Deploying, served: Service) -> None:
    of_search = {path.replace("billing", "search"): text for path, text in FILES.items() if "billing" in path}
    acme.change({path: text.replace("billing", "search") for path, text in of_search.items()})
    acme.deploy("set-version", environment="qa", version="1.5.0")

    both = {"services": ["billing", "search"], "environment": "qa", "version": "1.5.1", "allowUntriedVersion": True}
    made = acme.run("set-version", both, task="task-2")

    board, page = pages_of(served)
    (note,) = made["notes"]
    assert note.endswith("/acme/gitops/pull/1 is open, too, and changes billing/qa; merge one of them")
    assert (board.count("#2</a>"), board.count("#1</a>")) == (2, 1)
    assert "#2 Set 2 services in qa to 1.5.1" in page


def test_a_host_that_is_away_says_nothing_of_open_changes(acme: Deploying, served: Service) -> None:
    acme.github.faults.add("GET .*/pulls", before=faults.unavailable(), times=None)

    board, page = pages_of(served)

    for shown in (board, page):
        assert "answered 503" in shown
    assert "Open changes are unknown of 1 repository: gitops: " in board
    assert "Open changes are unknown of gitops: " in page
    assert board.count(">changes?</small>") == 3


def test_many_repositories_are_asked_less_often() -> None:
    now, asked = [0.0], [0]

    def ask() -> OpenChanges:
        asked[0] += 1
        return OpenChanges()

    kept = KeptOpenChanges(ask, [str(number) for number in range(1_000)], lambda: now[0])
    for minute in range(121):
        now[0] = minute * 60.0
        kept.at_hand()
        kept.wait()

    assert asked[0] == 2
