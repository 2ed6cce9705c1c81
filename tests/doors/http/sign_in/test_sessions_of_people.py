"""A session of a person is valid everywhere, and ends when it should."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scenedock.doors.http.app import make_app
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.structs import replace
from tests.doors.http.sign_in.people import OURS, audited, csrf, name_of, openid, sign_in, sign_in_with_token, there
from tests.fakes.openid_provider import OpenIdProvider
from tests.tools.service import ADMIN, RUN, bearer


def test_a_session_is_valid_in_every_replica_until_it_is_ended(
    of_service: Callable[..., Service], provider: OpenIdProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    one = make_app(of_service(**openid(provider))).test_client()
    other = make_app(of_service(**openid(provider))).test_client()
    back = there(one)
    _copy_cookies(one, other)

    assert other.get(back).status_code == 303, "one replica sends there, another receives"
    _copy_cookies(other, one)
    assert [name_of(each) for each in (one, other)] == ["user:default/jane"] * 2
    token = csrf(one.get("/sign-out"))
    assert other.post("/sign-out", data={"_csrf": token}, headers=OURS).headers["Location"] == "/sign-in"
    assert [name_of(each) for each in (one, other)] == ["", ""]
    assert audited(caplog)[-1] == ("sign-out", "done", "user:default/jane", "this browser")


def _copy_cookies(source: FlaskClient, target: FlaskClient) -> None:
    for name in ("scenedock-session", "scenedock-browser"):
        if cookie := source.get_cookie(name):
            target.set_cookie(name, cookie.value)


@pytest.mark.parametrize(("seconds", "name"), [(3_599, "user:default/jane"), (3_601, "")])
def test_a_session_ends_when_its_owner_is_away(
    service: Service, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, seconds: int, name: str
) -> None:
    sign_in(client)
    now = time.time()
    monkeypatch.setattr(type(service.sign_in.sessions), "_now", lambda _self: int((now + seconds) * 1000))

    assert name_of(client) == name


def test_a_session_ends_after_a_day_at_work(
    service: Service, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client)
    now = time.time()
    seen = []
    for half_hours in range(18):
        moment = int((now + half_hours * 1_800) * 1000)
        monkeypatch.setattr(type(service.sign_in.sessions), "_now", lambda _self, moment=moment: moment)
        seen.append(bool(name_of(client)))

    assert seen == [True] * 16 + [False] * 2


def test_a_session_is_new_for_each_sign_in(client: FlaskClient) -> None:
    client.set_cookie("scenedock-session", "chosen-by-somebody-else")
    sign_in(client)
    first = client.get_cookie("scenedock-session")
    sign_in(client)
    second = client.get_cookie("scenedock-session")

    assert first
    assert second
    assert len({"chosen-by-somebody-else", first.value, second.value}) == 3
    client.set_cookie("scenedock-session", first.value)
    assert name_of(client) == "", "the one before has ended"


def test_of_two_cookies_none_counts(client: FlaskClient, service: Service) -> None:
    sign_in(client)
    mine = client.get_cookie("scenedock-session")
    assert mine
    fresh = make_app(service).test_client(use_cookies=False)

    def with_cookies(*values: str) -> str:
        return name_of(fresh, headers={"Cookie": "; ".join(f"scenedock-session={each}" for each in values)})

    assert with_cookies(mine.value) == "user:default/jane"
    assert with_cookies(mine.value, "tossed") == ""
    assert with_cookies("tossed", mine.value) == ""
    assert fresh.get(f"/sign-out?scenedock-session={mine.value}").status_code == 401


@pytest.mark.parametrize("value", ["", "short", "a" * 7_000, "é" * 43, '"' + "a" * 43, "a" * 42 + "\t"])
def test_an_id_of_a_browser_that_we_did_not_give_is_replaced(client: FlaskClient, value: str) -> None:
    answer = client.get("/sign-in", headers={"Cookie": f"scenedock-browser={value}"})

    given = re.search("scenedock-browser=([^;]*)", answer.headers["Set-Cookie"])
    assert given
    assert re.fullmatch(r"[\w-]{43}", given[1])
    assert given[1] != value


def test_the_disk_has_no_session_that_could_be_used(client: FlaskClient, tmp_path: Path) -> None:
    sign_in(client)
    mine = client.get_cookie("scenedock-session")
    assert mine
    kept = [each for each in (tmp_path / "sessions").iterdir() if not each.name.startswith(".")]

    assert [each.stat().st_mode & 0o777 for each in kept] == [0o600]
    assert mine.value not in str(kept[0]) + kept[0].read_text()


def test_a_person_or_an_administrator_ends_all_sessions(
    client: FlaskClient, service: Service, provider: OpenIdProvider
) -> None:
    laptop, phone, colleague = (make_app(service).test_client() for _ in range(3))
    sign_in(laptop)
    sign_in(phone)
    provider.claims["preferred_username"] = "joe"
    sign_in(colleague)

    laptop.post("/sign-out/everywhere", data={"_csrf": csrf(laptop.get("/sign-out"))}, headers=OURS)
    assert [name_of(each) for each in (laptop, phone, colleague)] == ["", "", "user:default/joe"]

    def end(user: str | None, token: str = ADMIN) -> TestResponse:
        body = {} if user is None else {"user": user}
        return client.post(f"{BASE_PATH}/sign-outs", json=body, headers=bearer(token))

    assert end("jane").json == {"ended": 0}
    assert end("joe", RUN).status_code == 403
    assert end("user:default/joe").json == {"ended": 1}
    assert name_of(colleague) == ""
    sign_in(colleague)
    assert end(None).json == {"ended": 1}
    assert end("").status_code == 400
    assert client.post(f"{BASE_PATH}/sign-outs", json={"user": 1}, headers=bearer(ADMIN)).status_code == 400


def test_a_session_ends_with_its_issuer_and_its_token(
    of_service: Callable[..., Service], provider: OpenIdProvider
) -> None:
    client, with_token = (make_app(of_service(**openid(provider))).test_client() for _ in range(2))
    sign_in(client)
    sign_in_with_token(with_token, RUN)
    assert (name_of(client), name_of(with_token)) == ("user:default/jane", "token:runner")

    later = of_service(**openid(provider) | {"oidc_issuer": "https://id.acme.example"})
    tokens = replace(later.sign_in.sessions.tokens, tokens=())
    later = replace(later, sign_in=replace(later.sign_in, sessions=replace(later.sign_in.sessions, tokens=tokens)))
    for each in (client, with_token):
        elsewhere = make_app(later).test_client()
        _copy_cookies(each, elsewhere)
        assert name_of(elsewhere) == ""
