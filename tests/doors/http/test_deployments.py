"""Which version is where, over HTTP."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import make_app
from scenedock.doors.http.requests import apart
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from tests.tools.server import wait_until
from tests.tools.service import READ, bearer


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


def test_few_wait_for_their_turn_and_the_next_is_refused_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(apart, "_waiting", places)

    def status() -> int:
        return make_app(service).test_client().get(f"{BASE_PATH}/deployments", headers=bearer(READ)).status_code

    with ThreadPoolExecutor(1) as threads:
        with apart._turn:
            waits = threads.submit(status)
            wait_until(lambda: places._value == 0, "one that waits")
            assert status() == 503
            assert not waits.done()
        assert waits.result(60) == 200
    assert status() == 200
