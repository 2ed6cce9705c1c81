"""Every route but health, keys and a public feed needs a caller, and the right one."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import ROUTES, make_app
from scenedock.doors.http.routes import Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from tests.tools.service import READ, RUN, bearer, service_in
from tests.tools.tokens import Backstage

NEED_A_CALLER = [route for route in ROUTES if route.access not in {"public", "sign-in", "asset"}]
FEED = f"{BASE_PATH}/catalog/catalog-info.yaml"


def address(route: Route) -> str:
    return re.sub(r"\{\w+\}", "x", route.path)


def test_nothing_is_open_to_all_but_health_keys_and_the_sign_in() -> None:
    assert sorted(route.path for route in ROUTES if route.access == "public") == [
        f"{BASE_PATH}/.backstage/auth/v1/jwks.json",
        "/healthz",
        "/readyz",
    ]
    assert sorted(f"{route.method} {route.path}" for route in ROUTES if route.access == "sign-in") == [
        "GET /sign-in",
        "GET /sign-in/callback",
        "GET /sign-in/openid",
        "POST /sign-in",
    ]


@pytest.mark.parametrize("route", NEED_A_CALLER, ids=lambda route: route.name)
def test_without_a_token_nobody_gets_in(client: FlaskClient, route: Route) -> None:
    answer = client.open(address(route), method=route.method)

    assert answer.status_code == 401
    assert answer.json
    assert answer.json["error"]["name"] == "AuthenticationError"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", NEED_A_CALLER, ids=lambda route: route.name)
def test_with_a_wrong_token_nobody_gets_in(client: FlaskClient, route: Route, backstage: Backstage) -> None:
    for token in ("x" * 40, backstage.plugin_token(aud="catalog")):
        assert client.open(address(route), method=route.method, headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("route", [route for route in ROUTES if route.access == "run"], ids=lambda route: route.name)
def test_who_may_read_may_not_change_anything(client: FlaskClient, route: Route) -> None:
    answer = client.open(address(route), method=route.method, headers=bearer(READ))

    assert (answer.status_code, answer.json and answer.json["error"]["name"]) == (403, "NotAllowedError")


def test_what_is_not_in_the_table_of_routes_is_not_there(service: Service) -> None:
    rules = [rule for rule in make_app(service).url_map.iter_rules() if rule.endpoint != "static"]

    assert len(rules) == len(ROUTES)
    assert {rule.endpoint for rule in rules} == {route.name for route in ROUTES}


def test_the_feed_is_open_to_all_if_it_is_made_public(tmp_path: Path) -> None:
    service = service_in(tmp_path, public_feed=True)
    service.feed.refresh()
    client = make_app(service).test_client()

    assert client.get(FEED).status_code == 200
    assert client.get("/").status_code == 200
    assert client.get(f"{BASE_PATH}/actions").status_code == 401
    assert client.get(f"{BASE_PATH}/findings").status_code == 401


def test_a_person_opens_the_document_with_a_token_as_the_password(client: FlaskClient) -> None:
    basic = {"Authorization": f"Basic {base64.b64encode(f'me:{READ}'.encode()).decode()}"}
    document = f"{BASE_PATH}/openapi.json"

    assert client.get(document, headers=basic).status_code == 200
    assert client.get(FEED, headers=basic).status_code == 401
    assert client.get("/", headers=basic).status_code == 401
    assert client.post(f"{BASE_PATH}/catalog/refresh", headers=basic).status_code == 401
    assert client.get(document, headers={"Authorization": "Basic !"}).status_code == 401
    asked = client.get(document, headers={"Accept": "text/html"})
    assert [each.split()[0] for each in asked.headers.getlist("WWW-Authenticate")] == ["Bearer", "Basic"]


def test_a_caller_who_asks_too_often_is_slowed_down_and_others_are_not(tmp_path: Path) -> None:
    client = make_app(service_in(tmp_path, requests_per_minute=3)).test_client()

    answers = [client.get(f"{BASE_PATH}/actions", headers=bearer(RUN)) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json
    assert answers[3].json["error"]["name"] == "TooManyRequestsError"
    assert int(answers[3].headers["Retry-After"]) >= 1
    assert client.get(f"{BASE_PATH}/actions", headers=bearer(READ)).status_code == 200


def test_who_guesses_tokens_is_slowed_down_and_who_has_one_is_not(tmp_path: Path) -> None:
    client = make_app(service_in(tmp_path, requests_per_minute=3)).test_client()

    guesses = [client.get(f"{BASE_PATH}/actions", headers=bearer("x" * 40)).status_code for _ in range(5)]

    assert guesses == [401, 401, 401, 429, 429]
    assert [client.get("/healthz").status_code for _ in range(5)] == [200] * 5
    assert client.get(f"{BASE_PATH}/actions", headers=bearer(RUN)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/scenedock/tasks/a%00b", "/api/scenedock/tasks?createdBy=%00", "/healthz?a%00=1"]
)
def test_an_address_with_a_nul_character_is_refused(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=bearer(READ))

    assert answer.status_code == 400
    assert "NUL character" in answer.get_data(as_text=True)
