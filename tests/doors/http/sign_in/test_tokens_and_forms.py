"""People sign in with a token; no form of another site does anything."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import make_app
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from tests.doors.http.sign_in.people import HTML, OURS, audited, csrf, name_of, sign_in, sign_in_with_token
from tests.fakes.openid_provider import OpenIdProvider
from tests.tools.service import ADMIN, READ, bearer

# With a token


def test_an_administrator_signs_in_with_a_token(
    of_service: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    client = make_app(of_service()).test_client()

    wrong = sign_in_with_token(client, "x" * 40, "/?a=1")
    right = sign_in_with_token(client, f" {ADMIN}\n", "/?a=1")

    assert (wrong.status_code, wrong.mimetype) == (401, "text/html")
    assert "this token is not accepted" in wrong.text
    assert 'value="/?a=1"' in wrong.text
    assert (right.status_code, right.headers["Location"]) == (303, "/?a=1")
    assert name_of(client) == "token:admin"
    assert [each[:3] for each in audited(caplog)] == [("sign-in", "refused", None), ("sign-in", "done", "token:admin")]


def test_who_tries_tokens_is_slowed_down(of_service: Callable[..., Service]) -> None:
    client = make_app(of_service()).test_client()

    tries = [sign_in_with_token(client, f"{number:040}").status_code for number in range(12)]

    assert tries == [401] * 10 + [429] * 2
    assert client.get("/sign-in").status_code == 200
    assert client.get("/", headers=bearer(READ)).status_code == 200


def test_a_form_that_is_not_ours_takes_nobodys_tries(of_service: Callable[..., Service]) -> None:
    client = make_app(of_service()).test_client()

    foreign = {client.post("/sign-in", data={"token": "x" * 40}, headers=OURS).status_code for _ in range(12)}

    assert foreign == {403}
    assert sign_in_with_token(client, ADMIN).status_code == 303


def test_nobody_is_signed_in_as_somebody_else_by_a_foreign_form(
    of_service: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    service = of_service()
    client, attacker = make_app(service).test_client(), make_app(service).test_client()
    theirs, mine = csrf(attacker.get("/sign-in")), csrf(client.get("/sign-in"))

    def post(token: str, **headers: str) -> int:
        return client.post("/sign-in", data={"_csrf": token, "token": ADMIN}, headers=headers).status_code

    assert post(theirs, **OURS) == 403
    assert post("", **OURS) == 403
    assert post("é.é", **OURS) == 403
    assert post(mine, Origin="https://evil.example") == 403
    assert post(mine, Origin="null") == 403
    assert post(mine) == 403
    assert client.post("/sign-in", json={"_csrf": mine, "token": ADMIN}, headers=OURS).status_code == 403
    assert {each[:2] for each in audited(caplog)} == {("form", "refused")}
    assert post(mine, **OURS) == 303


# Forms


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "http://127.0.0.1:8000"}, 303),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "none"}, 403),
    ],
)
def test_a_form_comes_from_a_page_of_ours(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    sign_in(client)
    token = csrf(client.get("/sign-out"))

    answer = client.post("/sign-out", data={"_csrf": token}, headers=headers)

    assert answer.status_code == status
    assert bool(name_of(client)) == (status == 403)


def test_a_form_has_the_token_of_its_session(client: FlaskClient, service: Service, provider: OpenIdProvider) -> None:
    attacker = make_app(service).test_client()
    sign_in(client)
    provider.claims["preferred_username"] = "eve"
    sign_in(attacker)
    theirs = csrf(attacker.get("/sign-out"))
    mine = csrf(client.get("/sign-out"))

    def post(*tokens: str) -> int:
        return client.post("/sign-out", data={"_csrf": list(tokens)}, headers=OURS).status_code

    assert [post(), post(theirs), post(""), post("."), post(mine, mine), post(mine + "0")] == [403] * 6
    assert mine != csrf(client.get("/sign-out")), "each page has another one"
    assert post(mine) == 303
    assert post(mine) == 401


def test_a_token_is_no_session_and_a_session_no_token(client: FlaskClient, service: Service) -> None:
    """What a browser sends by itself opens no route of the API, and what a program sends sends no form."""
    sign_in(client)

    assert client.get(f"{BASE_PATH}/findings").status_code == 401
    assert client.post(f"{BASE_PATH}/catalog/refresh", headers=OURS).status_code == 401
    assert make_app(service).test_client().post("/sign-out", headers={**bearer(ADMIN), **OURS}).status_code == 401


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("http://localhost/tasks/a?b=c#d", "/tasks/a?b=c"),
        ("http://localhost//evil.example", "/"),
        ("https://evil.example/tasks", "/"),
        ("", "/"),
    ],
)
def test_who_sends_a_form_too_late_comes_back_to_its_page(client: FlaskClient, page: str, wanted: str) -> None:
    answer = client.post("/sign-out", headers={**OURS, **HTML, "Referer": page})

    assert (answer.status_code, f'name="next" value="{wanted}"' in answer.text) == (401, True)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])
def test_no_other_method_does_anything(client: FlaskClient, method: str) -> None:
    sign_in(client)

    statuses = {client.open(path, method=method).status_code for path in ("/sign-out", "/sign-out/everywhere")}

    assert statuses <= {200, 405}
    assert name_of(client) == "user:default/jane"
