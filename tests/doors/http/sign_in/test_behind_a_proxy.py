"""People are named by a trusted proxy; who sees what, and what is run and told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scenedock.doors.http.app import ROUTES, make_app
from scenedock.doors.http.requests.invoking import invoke
from scenedock.doors.http.requests.visitors import csrf_field, signed_in
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from tests.doors.http.sign_in.people import (
    HTML,
    OURS,
    PROXY,
    audited,
    csrf,
    name_of,
    openid,
    sign_in,
    sign_in_with_token,
    there,
)
from tests.fakes.openid_provider import SECRET, OpenIdProvider
from tests.publishing.test_canary import found
from tests.tools.service import ADMIN, READ, RUN, bearer

# Through a proxy


@pytest.fixture
def service_behind_proxy(of_service: Callable[..., Service]) -> Service:
    return of_service(**PROXY)


@pytest.fixture
def behind_proxy(service_behind_proxy: Service) -> FlaskClient:
    return make_app(service_behind_proxy).test_client()


def by_proxy(name: str, address: str = "10.1.2.3", **headers: str) -> dict[str, Any]:
    return {"headers": {"X-Forwarded-User": name, **headers}, "environ_base": {"REMOTE_ADDR": address}}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.1.2.3", "user:default/jane"),
        ("::ffff:10.1.2.3", "user:default/jane"),
        ("10.2.0.1", ""),
        ("127.0.0.1", ""),
        ("", ""),
        ("::1", ""),
    ],
)
def test_only_the_proxy_says_who_somebody_is(
    behind_proxy: FlaskClient, address: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert name_of(behind_proxy, **by_proxy("Jane", address)) == name
    assert ("a header is ignored" in caplog.text) == (not name)
    assert behind_proxy.get("/", **by_proxy("Jane", address)).status_code == (200 if name else 401)


def test_the_proxys_word_is_not_for_the_api(behind_proxy: FlaskClient) -> None:
    assert behind_proxy.get(f"{BASE_PATH}/findings", **by_proxy("jane")).status_code == 401


@pytest.mark.parametrize(
    ("name", "status"), [("", 401), ("jane,eve", 403), ("jane@acme.example", 403), ("../x", 403), ("j\u212a", 403)]
)
def test_a_name_that_is_none_is_refused(behind_proxy: FlaskClient, name: str, status: int) -> None:
    assert behind_proxy.get("/", **by_proxy(name)).status_code == status


def test_a_form_is_bound_to_whom_the_proxy_names(behind_proxy: FlaskClient, service_behind_proxy: Service) -> None:
    app = behind_proxy.application
    with app.test_request_context("/", **by_proxy("jane")):
        app.preprocess_request()
        assert signed_in(service_behind_proxy)
        token = csrf_field().partition('value="')[2].partition('"')[0]

    def post(name: str, **headers: str) -> TestResponse:
        return behind_proxy.post("/sign-out", data={"_csrf": token}, **by_proxy(name, **headers))

    assert post("eve", **OURS).status_code == 403
    assert post("jane", Origin="https://evil.example").status_code == 403
    answer = post("jane", **OURS)
    assert (answer.status_code, "there is no session to end" in answer.text) == (400, True)


def test_a_session_is_more_than_the_proxys_word(behind_proxy: FlaskClient) -> None:
    sign_in_with_token(behind_proxy, ADMIN)

    assert name_of(behind_proxy, **by_proxy("jane")) == "token:admin"


# Who sees what


@pytest.mark.parametrize(
    ("settings", "status"),
    [({}, 401), ({"public_feed": True}, 200), ({"public_feed": True, **PROXY}, 401)],
    ids=["closed", "a public feed", "a public feed, and people with names"],
)
def test_pages_are_open_only_where_nobody_has_a_name(
    of_service: Callable[..., Service], settings: dict[str, Any], status: int
) -> None:
    client = make_app(of_service(**settings)).test_client()

    assert client.get("/").status_code == status
    assert client.post("/sign-out", headers=OURS).status_code == 401
    assert client.get("/", headers=bearer(READ)).status_code == 200


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "text/html;q=0.5,application/json"])
def test_who_is_no_browser_gets_json(client: FlaskClient, accept: str) -> None:
    for path, status in (("/", 401), ("/nothing", 404), (f"{BASE_PATH}/findings", 401)):
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.mimetype) == (status, "application/json")


@pytest.mark.parametrize(
    ("path", "status"), [("/", 401), ("/nothing<b>", 404), (f"{BASE_PATH}/findings", 401), ("/healthz?\0", 400)]
)
def test_a_browser_gets_a_page_that_nobody_can_frame(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path, headers=HTML)

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<b>" not in answer.text
    assert not any(each.startswith("Basic") for each in answer.headers.getlist("WWW-Authenticate"))


# What is run, and what is told


def run_action(service: Service, name: str) -> Response:
    """Run an action, as a form of a page does."""
    return invoke(service, name, {}, {})


@pytest.mark.parametrize(("rules", "status"), [("[]", 403), ("[{allow: [bake-skeleton], plugins: [pages]}]", 400)])
def test_a_person_runs_what_the_rules_open(
    of_service: Callable[..., Service],
    provider: OpenIdProvider,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    rules: str,
    status: int,
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    form = Route("POST", "/run/{name}", "form", run_action, {200: Answer("Done")})
    monkeypatch.setattr("scenedock.doors.http.app.ROUTES", (*ROUTES, form))
    (tmp_path / "rules.yaml").write_text(f"rules: {rules}")
    client = make_app(of_service(**openid(provider, rules=tmp_path / "rules.yaml"))).test_client()
    sign_in(client)
    token = csrf(client.get("/sign-out"))

    def run(name: str) -> TestResponse:
        return client.post(f"/run/{name}", data={"_csrf": token}, headers={**OURS, **HTML})

    refused = run("bake-skeleton")
    assert (refused.status_code, refused.mimetype) == (status, "text/html")
    assert ("closed to pages unless a rule" in refused.text) == (status == 403)
    assert [each[1:3] for each in audited(caplog)[1:]] == [("denied", "user:default/jane")] * (status == 403)
    assert run("list-skeletons").json["output"]  # type: ignore[index]


def test_no_secret_is_told_to_anybody(
    of_service: Callable[..., Service],
    provider: OpenIdProvider,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("", "urllib3", "scenedock"):
        caplog.set_level(logging.DEBUG, name)
    service = of_service(**openid(provider))
    client = make_app(service).test_client()
    told: dict[str, str] = {}

    def ask(what: str, answer: TestResponse) -> None:
        told[what] = f"{answer.status} {answer.text}"

    ask("a wrong token", sign_in_with_token(client, READ[:-1] + "x"))
    ask("a token", sign_in_with_token(client, RUN))
    secrets = [SECRET, "at-canary-92be11", RUN, READ[:-1] + "x", client.get_cookie("scenedock-session").value]  # type: ignore[union-attr]
    ask("signed in", sign_in(client))
    secrets += [client.get_cookie(name).value for name in ("scenedock-session", "scenedock-browser")]  # type: ignore[union-attr]
    ask("signed in as", client.get("/sign-out", headers=HTML))
    for changed in ({"nonce": "x"}, {"aud": "x"}, {"exp": 1}):
        provider.distort = lambda claims, changed=changed: claims.update(changed)  # type: ignore[misc]
        ask(str(changed), sign_in(client))
    provider.forge = lambda *_: "eyJ.x.y"
    ask("no token", sign_in(client))
    back = there(client)
    provider.down = True
    ask("down", client.get(back, headers=HTML))
    secrets += [*provider.issued, *parse_qs(urlsplit(back).query)["state"]]
    files = {str(each): each.read_bytes().decode("latin-1") for each in tmp_path.rglob("*") if each.is_file()}

    assert len(provider.issued) > 8
    assert any("sessions" in name for name in files)
    facts = [str(vars(record)) for record in caplog.records if record.name.startswith("scenedock")]
    shown = {**told, **files, "log": caplog.text, "facts": "\n".join(facts), "settings": repr(service.sign_in)}
    assert found(shown, *secrets) == []
    assert "POST /token" in caplog.text, "urllib3 must have logged for this test to mean anything"
