"""Which version is where, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import make_app
from scenedock.doors.http.rendering.board_tree import board_tree
from scenedock.effects.git.clones import RemoteBranch, RepositoryClone
from scenedock.errors import TemporaryError
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.usecases.catalog.build_feed import build_feed
from tests.scenarios.repositories import clone, git, plant
from tests.tools.server import wait_until
from tests.tools.service import READ, RUN, bearer, service_in


def chart(folder: str) -> dict[str, str]:
    return {
        f"{folder}/Chart.yaml": f"apiVersion: v2\nname: {folder.rpartition('/')[2]}\nversion: 1.0.0\n",
        f"{folder}/values.yaml": "image: {repository: acme/x, tag: 1.0.0}\n",
    }


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Service]:
    """The service of two repositories; in `apps`, a second worker came when there was one already."""
    apps, shop = plant(tmp_path / "apps", chart("a/worker")), plant(tmp_path / "shop", chart("cart"))
    service = service_in(tmp_path / "data", repositories=(str(apps), str(shop)))
    service.feed.build = build_feed
    service.feed.refresh()
    plant(apps, chart("b/worker"))
    service.feed.refresh()
    yield service
    service.stop()


def get(client: FlaskClient, path: str) -> Any:
    return client.get(f"{BASE_PATH}/{path}", headers=bearer(READ))


def output_of(client: FlaskClient, action: str, values: dict[str, str]) -> Any:
    answer = client.post(f"{BASE_PATH}/actions/{action}/invoke", json=values, headers=bearer(RUN))
    assert answer.status_code == 200, answer.text
    return answer.json["output"]  # type: ignore[index]


def services(deployments: Any) -> list[str]:
    return [each["service"] for each in deployments["deployments"]]


def test_deployments_are_listed_with_their_lines(client: FlaskClient) -> None:
    answer: Any = client.get(f"{BASE_PATH}/deployments", headers=bearer(READ)).json

    deployments = {(each["service"], each["environment"]): each for each in answer["deployments"]}
    found = deployments["statement-mailer", "production"]
    assert (found["version"], found["file"]) == ("1.0.4", "statement-mailer/values.yaml")
    assert client.get(f"{BASE_PATH}/deployments").status_code == 401


def test_those_of_one_service_are_shown(client: FlaskClient) -> None:
    shown: Any = client.get(f"{BASE_PATH}/services/statement-mailer/deployments", headers=bearer(READ)).json
    unknown = client.get(f"{BASE_PATH}/services/nothing/deployments", headers=bearer(READ))

    assert [each["environment"] for each in shown["deployments"]] == ["production"]
    assert unknown.status_code == 404


def test_an_environment_that_nothing_has_is_refused_with_those_that_are_there(client: FlaskClient) -> None:
    asked = {"environment": "prod"}
    refused: Any = client.post(f"{BASE_PATH}/actions/list-deployments/invoke", json=asked, headers=bearer(RUN))

    assert refused.status_code == 404
    assert "nothing is deployed in 'prod'; environments are: qa, production" in refused.get_data(as_text=True)


def test_a_service_that_does_not_render_says_which_command_does(client: FlaskClient) -> None:
    (left,) = output_of(client, "lint-deployments", {})["notChecked"]

    assert left["reason"] == "this action doesn't render; the command `scenedock deployments lint` does"


def test_history_is_shown_over_http_and_by_the_action(tmp_path: Path) -> None:
    apps = clone(tmp_path / "apps", files={**chart("cart"), "cart/values-qa.yaml": "image: {tag: 1.1.0}\n"})
    service = service_in(tmp_path / "data", repositories=(str(apps),))
    client = make_app(service).test_client()
    (history,) = get(client, "services/cart/deployments/history").json["histories"]
    (version,) = history["versions"]
    assert (version["version"], version["author"], version["line"]) == ("1.1.0", "Jane", 1)
    assert output_of(client, "show-deployment-history", {"service": "cart", "environment": "qa"}) == {
        "histories": [history],
        "problems": {},
    }
    (shown,) = get(client, "services/cart/deployments").json["deployments"]
    assert (shown["since"], shown["commit"]) == (version["since"], version["commit"])
    assert get(client, "services/cat/deployments/history").status_code == 404
    assert get(client, "services/cart/deployments/history?most=0").status_code == 400
    service.stop()


def test_services_have_the_names_that_backstage_shows(workers: Service) -> None:
    client = make_app(workers).test_client()
    names = sorted(line.name for line in workers.feed.current().feed.components)

    assert names == ["b-worker", "cart", "worker"]
    assert services(get(client, "deployments").json) == names
    assert services(get(client, "services/worker/deployments").json) == ["worker"]
    explained = get(client, "services/worker/explanation").json
    assert (explained["ref"], explained["path"]) == ("component:worker", "a/worker")
    assert services(output_of(client, "list-deployments", {})) == names
    assert services(output_of(client, "show-deployment", {"service": "worker"})) == ["worker"]


def test_a_repository_that_is_wrong_costs_only_itself(workers: Service, tmp_path: Path) -> None:
    client = make_app(workers).test_client()
    plant(tmp_path / "shop", {"scenedock.yaml": "nmes: {}\n"})
    listed, acted = get(client, "deployments").json, output_of(client, "list-deployments", {})

    for answer in (listed, acted):
        assert (services(answer), list(answer["problems"])) == (["b-worker", "worker"], ["shop"])
        assert "shop/scenedock.yaml" in answer["problems"]["shop"]
    past = get(client, "services/worker/deployments/history").json
    assert past["problems"] == listed["problems"]
    assert output_of(client, "show-deployment-history", {"service": "worker"}) == past
    assert get(client, "services/worker/explanation").status_code == 200
    for what in ("deployments", "explanation"):
        missing = get(client, f"services/cart/{what}")
        assert (missing.status_code, "shop/scenedock.yaml" in missing.text) == (404, True)

    plant(tmp_path / "apps", {"scenedock.yaml": "nmes: {}\n"})
    workers.effects.apart.versions.path.unlink()  # type: ignore[union-attr]
    assert get(client, "deployments").status_code == 400


def test_the_last_good_versions_of_a_repository_that_breaks_are_marked_at_each_door(
    workers: Service, tmp_path: Path
) -> None:
    client = make_app(workers).test_client()
    assert {each["lastGood"] for each in get(client, "deployments").json["deployments"]} == {None}

    shop = plant(tmp_path / "shop", {"scenedock.yaml": "nmes: {}\n", "cart/values.yaml": "image: {tag: 2.0.0}\n"})
    plant(tmp_path / "apps", {"a/worker/values.yaml": "image: {repository: acme/x, tag: 1.1.0}\n"})
    workers.feed.refresh()
    for answer in (
        get(client, "deployments").json,
        output_of(client, "list-deployments", {}),
        get(client, "services/cart/deployments").json,
        output_of(client, "show-deployment", {"service": "cart"}),
    ):
        found = {each["service"]: each for each in answer["deployments"]}
        assert found["cart"]["version"] == "1.0.0"
        assert "shop/scenedock.yaml" in found["cart"]["lastGood"]["reason"]
        assert found["cart"]["lastGood"]["readAt"].startswith("20")
        assert list(answer["problems"]) == ["shop"]
        worker = found.get("worker", {"version": "1.1.0", "lastGood": None})
        assert (worker["version"], worker["lastGood"]) == ("1.1.0", None)
    (history,) = get(client, "services/cart/deployments/history").json["histories"]
    assert "its last good state alone is known" in history["incomplete"]
    assert list(output_of(client, "lint-deployments", {})["problems"]) == ["shop"]
    board = client.get("/board", headers=bearer(READ)).get_data(as_text=True)
    assert board.count(">last good<") == 1
    assert "shop isn't as it is now, but in its last good state (read 20" in board
    assert "Missing here" not in board
    page = client.get("/services/cart", headers=bearer(READ)).get_data(as_text=True)
    assert "of the last good state, not of now" in page
    document = board_tree(workers.overview.current().overview, "").files[0].content.decode()
    assert "**Not as it is now**, but in its last good state" in document
    assert [line for line in document.splitlines() if "*last good*" in line] == ["| cart | `1.0.0` *last good* |"]

    (shop / "scenedock.yaml").unlink()
    assert {each["lastGood"] for each in get(client, "deployments").json["deployments"]} == {None}


def test_versions_of_a_clone_that_cannot_be_fetched_are_said_to_be_old(tmp_path: Path) -> None:
    origin = clone(tmp_path / "origin", files=chart("cart"))
    served = RepositoryClone.below(tmp_path / "data" / "repositories", RemoteBranch.read("https://git.test/acme/shop"))
    service = service_in(tmp_path / "data", repositories=("https://git.test/acme/shop",))

    def fetch(each: RepositoryClone) -> None:
        if not origin.is_dir():
            raise TemporaryError("can't be reached", retry_after=1)
        git(origin, "clone", "--quiet", "--bare", ".", str(each.folder))

    service.feed.build, service.feed.repositories.fetch = build_feed, fetch
    client = make_app(service).test_client()
    service.feed.refresh()
    assert [each["lastGood"] for each in get(client, "deployments").json["deployments"]] == [None]

    origin.rename(tmp_path / "away")
    service.feed.refresh()
    for path in ("deployments", "services/cart/deployments"):
        (found,) = get(client, path).json["deployments"]
        assert found["lastGood"]["commit"] == served.signature()
        assert found["lastGood"]["reason"] == "can't be reached"
    assert ">last good<" in client.get("/board", headers=bearer(READ)).get_data(as_text=True)
    service.stop()


def test_few_wait_for_their_turn_and_the_next_is_refused_at_once(service: Service) -> None:
    apart = service.effects.apart
    while apart._waiting._value > 1:
        apart._waiting.acquire()

    def status() -> int:
        return make_app(service).test_client().get(f"{BASE_PATH}/deployments", headers=bearer(READ)).status_code

    with ThreadPoolExecutor(1) as threads:
        with apart._turn:
            waits = threads.submit(status)
            wait_until(lambda: apart._waiting._value == 0, "one that waits")
            assert status() == 503
            assert not waits.done()
        assert waits.result(60) == 200
    assert status() == 200
