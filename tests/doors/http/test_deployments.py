"""Which version is where, over HTTP."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from scenedock.model.action import BASE_PATH
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
