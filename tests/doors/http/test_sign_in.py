"""People sign in to the pages with an OpenID provider, through a trusted proxy, or with a token."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scenedock.doors.http.app import ROUTES, make_app
from scenedock.doors.http.requests.invoking import invoke
from scenedock.doors.http.requests.visitors import csrf_field, signed_in
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import InputError
from scenedock.model.action import BASE_PATH
from scenedock.runtime.callers.static_tokens import StaticTokens
from scenedock.runtime.service import Service
from scenedock.runtime.settings import Settings
from scenedock.runtime.sign_in_wiring import open_sign_in
from scenedock.runtime.wiring import signing_key
from tests.fakes.openid_provider import CLIENT, SECRET, Key, OpenIdProvider, openid_provider, signed
from tests.publishing.test_canary import found
from tests.tools.service import ADMIN, READ, RUN, bearer, service_in

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OURS = {"Origin": "http://localhost"}
PROXY: dict[str, Any] = {"trusted_proxy": ("10.1.0.0/16",), "proxy_groups_header": "X-Forwarded-Groups"}


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider() as started:
        yield started


@pytest.fixture
def of_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Opens services on one data folder, as replicas have it."""
    opened: list[Service] = []

    def open_one(**settings: Any) -> Service:
        opened.append(service_in(tmp_path, **settings))
        return opened[-1]

    yield open_one
    for each in opened:
        each.stop()


@pytest.fixture
def service(of_service: Callable[..., Service], provider: OpenIdProvider) -> Service:
    return of_service(**openid(provider))


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return make_app(service).test_client()


def openid(provider: OpenIdProvider, **more: Any) -> dict[str, Any]:
    return {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, **more}


def there(client: FlaskClient, wanted: str = "/") -> str:
    """Begin to sign in, and sign in at the provider: the address to come back to."""
    away = client.get("/sign-in/openid", query_string={"next": wanted})
    assert away.status_code == 303, away.text
    to = urlsplit(away.headers["Location"])
    browser = HTTPConnection(to.netloc)  # not of the library that the service uses, whose log is read
    browser.request("GET", f"{to.path}?{to.query}")
    answer = browser.getresponse()
    browser.close()
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def sign_in(client: FlaskClient, wanted: str = "/") -> TestResponse:
    return client.get(there(client, wanted), headers=HTML)


def csrf(answer: TestResponse) -> str:
    found = re.search(r'name="_csrf" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def sign_in_with_token(client: FlaskClient, token: str, wanted: str = "/", **headers: str) -> TestResponse:
    given = {"_csrf": csrf(client.get("/sign-in")), "token": token, "next": wanted}
    return client.post("/sign-in", data=given, headers={**HTML, **OURS, **headers})


def name_of(client: FlaskClient, **options: Any) -> str:
    """Who has signed in, as the page to sign out says; empty if nobody."""
    found = re.search(r"<h1>Signed in as (.*)</h1>", client.get("/sign-out", **options).text)
    return found[1] if found else ""


def audited(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str | None, str]]:
    return [
        (facts["action"], facts["outcome"], facts["user"] or facts["caller"], facts["message"])
        for record in caplog.records
        if record.name == "scenedock.audit" and (facts := record.facts)  # type: ignore[attr-defined]
    ]


# With an OpenID provider


def test_a_person_signs_in_and_sees_what_they_wanted(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    first = client.get("/?filter=a%20b", headers=HTML)

    answer = sign_in(client, "/?filter=a%20b")

    assert (first.status_code, first.mimetype) == (401, "text/html")
    assert "/sign-in/openid?next=%2F%3Ffilter%3Da%2520b" in first.text
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?filter=a%20b")
    assert name_of(client) == "user:default/jane"
    assert ">Sign in</a>" not in client.get("/sign-in").text
    assert client.get("/").status_code == 200
    assert audited(caplog) == [("sign-in", "done", "user:default/jane", "")]
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("scenedock-session="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_over_https_a_cookie_is_of_this_host_alone(of_service: Callable[..., Service]) -> None:
    client = make_app(of_service(public_url="https://scenedock.acme.example")).test_client()

    given = {"_csrf": csrf(client.get("/sign-in", base_url="https://scenedock.acme.example")), "token": ADMIN}
    answer = client.post(
        "/sign-in",
        data=given,
        base_url="https://scenedock.acme.example",
        headers={"Origin": "https://scenedock.acme.example", "Sec-Fetch-Site": "same-origin"},
    )

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-scenedock-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def _none(claims: dict[str, Any], key: Key) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": key.kid})


def _with_its_public_key(claims: dict[str, Any], key: Key) -> str:
    header, body = (
        jwt.utils.base64url_encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": key.kid}, claims)
    )
    public = json.dumps(key.published).encode()
    proof = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(header + b"." + body, public)
    return (header + b"." + body + b"." + jwt.utils.base64url_encode(proof)).decode()


def _with_another_key(claims: dict[str, Any], key: Key) -> str:
    return signed(claims, Key.ec(), kid=key.kid)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another"}, "InvalidAudienceError"),
        ({"aud": [CLIENT, "another"]}, "another client"),
        ({"azp": "another"}, "another client"),
        ({"iss": "http://127.0.0.1:1/realm"}, "InvalidIssuerError"),
        ({"exp": int(time.time()) - 3600}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"sub": None}, "MissingRequiredClaimError"),
        (_none, "public key"),
        (_with_its_public_key, "public key"),
        (_with_another_key, "InvalidSignatureError"),
        (lambda claims, key: signed(claims, key, kid="../keys"), "doesn't have its key"),
        (lambda *_: "x.y.z", "DecodeError"),
        (lambda *_: "", "no id token"),
    ],
)
def test_a_token_of_which_anything_is_wrong_signs_nobody_in(
    client: FlaskClient, provider: OpenIdProvider, changed: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    if callable(changed):
        provider.forge = changed
    else:
        provider.distort = lambda claims: claims.update(changed)

    answer = sign_in(client)

    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert "not accepted; sign in again" in answer.text
    assert why not in answer.text
    assert [(each[:3], why in each[3]) for each in audited(caplog)] == [(("sign-in", "refused", None), True)]
    assert "scenedock-session" not in str(answer.headers)
    assert name_of(client) == ""


def test_the_provider_may_change_its_keys_and_their_kind(client: FlaskClient, provider: OpenIdProvider) -> None:
    assert sign_in(client).status_code == 303
    provider.key = Key.rsa()

    assert sign_in(client).status_code == 303


def test_a_client_secret_may_be_wanted_in_the_body(client: FlaskClient, provider: OpenIdProvider) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}

    assert sign_in(client).status_code == 303


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"issuer": "http://127.0.0.1/other"}, "names another issuer"),
        ({"token_endpoint": "ftp://127.0.0.1/token"}, "no safe `token_endpoint`"),
        ({"jwks_uri": None}, "no safe `jwks_uri`"),
    ],
)
def test_what_the_provider_publishes_must_be_its_own_and_safe(
    client: FlaskClient, provider: OpenIdProvider, metadata: dict[str, Any], why: str
) -> None:
    provider.metadata = metadata

    answer = client.get("/sign-in/openid", headers=HTML)

    said = re.sub("</?code>", "`", answer.text).replace("&#39;", "'")
    assert (answer.status_code, why in said) == (503, True)


def test_a_provider_that_is_down_is_named_and_the_api_goes_on(client: FlaskClient, provider: OpenIdProvider) -> None:
    provider.down = True

    answer = client.get("/sign-in/openid", headers=HTML)

    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "the OpenID provider answers 503; try again later" in answer.text.replace("&#39;", "'")
    assert "Retry-After" in answer.headers
    assert client.get(f"{BASE_PATH}/actions", headers=bearer(READ)).status_code == 200
    provider.down = False
    assert sign_in(client).status_code == 303


def test_nobody_listens_where_the_provider_should_be(of_service: Callable[..., Service]) -> None:
    settings = {"oidc_issuer": "http://127.0.0.1:1", "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    client = make_app(of_service(**settings)).test_client()

    assert "can&#39;t be reached" in client.get("/sign-in/openid", headers=HTML).text
    assert client.get("/sign-in").status_code == 200


def test_a_slow_provider_takes_few_threads(of_service: Callable[..., Service], provider: OpenIdProvider) -> None:
    service = of_service(**openid(provider, threads=8))
    client = make_app(service).test_client()
    waiting, go_on = Event(), Event()

    def hold(path: str) -> None:
        waiting.set()
        assert go_on.wait(8)

    provider.before = hold
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(make_app(service).test_client().get, "/sign-in/openid")
        assert waiting.wait(8)
        second = client.get("/sign-in/openid", headers=HTML)
        go_on.set()

    assert (second.status_code, "too many people" in second.text) == (503, True)
    assert first.result().status_code == 303


def test_a_provider_that_refuses_this_service_says_so(
    of_service: Callable[..., Service], provider: OpenIdProvider
) -> None:
    client = make_app(of_service(**openid(provider) | {"oidc_client_secret": "wrong"})).test_client()

    answer = sign_in(client)

    assert (answer.status_code, "must check the client" in answer.text) == (503, True)


def test_who_did_not_begin_here_does_not_end_here(
    client: FlaskClient, service: Service, provider: OpenIdProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    another = make_app(service).test_client()
    back = there(another)

    assert client.get(back, headers=HTML).status_code == 401
    assert "in another browser; sign in again" in client.get(back, headers=HTML).text
    client.get("/sign-in")
    assert client.get(back, headers=HTML).status_code == 401
    assert {each[3] for each in audited(caplog)} == {"its state is another browser's"}
    assert another.get(back).status_code == 303
    assert another.get(back).status_code == 401, "a code is valid once"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda query: query | {"state": "x"}, "its state is not ours, or old"),
        (lambda query: query | {"state": "A" * 60_000}, "its state is not ours, or old"),
        (lambda query: query | {"state": "\ud800é"}, "its state is not ours, or old"),
        (lambda query: query | {"state": [query["state"], query["state"]]}, "not accepted"),
        (lambda query: query | {"code": [query["code"], query["code"]]}, "not accepted"),
        (lambda query: query | {"code": "another"}, "refuses the code"),
        (lambda query: query | {"iss": "https://another.example"}, "another provider"),
        (lambda query: {"state": query["state"], "error": "access_denied"}, "signed nobody in (access_denied)"),
        (lambda query: {"state": query["state"], "error": "<script>\n"}, "signed nobody in (no code)"),
        (lambda query: {"state": query["state"]}, "signed nobody in (no code)"),
        (lambda _query: {}, "its state is not ours, or old"),
    ],
)
def test_an_answer_of_which_anything_is_wrong_signs_nobody_in(
    client: FlaskClient, change: Callable[[dict[str, Any]], Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scenedock.audit")
    back = urlsplit(there(client))
    query = {name: values[0] for name, values in parse_qs(back.query).items()}
    sent = urlencode(change(query), doseq=True, errors="surrogatepass")
    answer = client.get(f"{back.path}?{sent}", headers=HTML)

    assert answer.status_code == 401
    assert [(each[0], each[1], why in each[3]) for each in audited(caplog)] == [("sign-in", "refused", True)]
    assert "<script>" not in answer.text
    assert name_of(client) == ""


def test_a_state_is_valid_for_ten_minutes(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    back = there(client)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 601)

    assert client.get(back).status_code == 401


def test_one_signs_in_in_two_tabs_at_once(client: FlaskClient) -> None:
    one, other = there(client, "/?tab=1"), there(client, "/?tab=2")

    assert [client.get(each).headers["Location"] for each in (other, one)] == ["/?tab=2", "/?tab=1"]
    assert name_of(client) == "user:default/jane"


@pytest.mark.parametrize(
    "wanted",
    [
        *("//evil.example", "/\\evil.example", "https://evil.example", "\\\\evil", "evil", "", "/\t/evil", "/\n/evil"),
        *("javascript:alert(1)", "/é", "/ a", "/sign-out", "/" + "a" * 3_000, "/\r\nSet-Cookie: a=b", " //evil"),
    ],
)
def test_one_comes_back_to_no_other_site(client: FlaskClient, wanted: str) -> None:
    assert sign_in(client, wanted).headers["Location"] == "/"
    assert sign_in_with_token(client, RUN, wanted).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("settings", "claims", "user"),
    [
        ({}, {"preferred_username": "Jane.Doe"}, "user:default/jane.doe"),
        ({"email_domains": ("acme.example",)}, {"preferred_username": "Jane@ACME.example"}, "user:default/jane"),
        (
            {"email_domains": ("acme.example",)},
            {"preferred_username": "jane", "email": "j@acme.example", "email_verified": True},
            "user:default/jane",
        ),
        (
            {"oidc_user_claim": "email", "email_domains": ("acme.example",)},
            {"email": "jane@acme.example", "email_verified": True},
            "user:default/jane",
        ),
        ({"email_domains": ("acme.example",)}, {"preferred_username": "jane@evil.example"}, ""),
        ({"email_domains": ("acme.example",)}, {"preferred_username": "jane@evil.example@acme.example"}, ""),
        ({"email_domains": ("acme.example",)}, {"preferred_username": "jane@xacme.example"}, ""),
        ({"email_domains": ("acme.example",)}, {"preferred_username": "jane"}, ""),
        ({"email_domains": ("acme.example",)}, {"preferred_username": "jane", "email": "jane@acme.example"}, ""),
        (
            {"oidc_user_claim": "email", "email_domains": ("acme.example",)},
            {"email": "jane@acme.example", "email_verified": "true"},
            "",
        ),
        ({}, {"preferred_username": "jane@acme.example"}, ""),
        ({}, {"preferred_username": "\u212aate"}, ""),
        ({}, {"preferred_username": "../admin"}, ""),
        ({}, {"preferred_username": "user:default/admin"}, ""),
        ({}, {"preferred_username": "a\nb"}, ""),
        ({}, {"preferred_username": ["jane"]}, ""),
        ({}, {"preferred_username": ""}, ""),
        ({"oidc_user_claim": "upn"}, {"preferred_username": "jane"}, ""),
    ],
)
def test_who_somebody_is_follows_from_a_claim(
    of_service: Callable[..., Service],
    provider: OpenIdProvider,
    settings: dict[str, Any],
    claims: dict[str, Any],
    user: str,
) -> None:
    client = make_app(of_service(**openid(provider, **settings))).test_client()
    provider.claims = {"sub": "1", **claims}

    answer = sign_in(client)

    assert answer.status_code == (303 if user else 403)
    assert name_of(client) == user


@pytest.mark.parametrize("wrong", [{"oidc_client_id": ""}, {"oidc_client_secret": ""}, {"oidc_scopes": ("profile",)}])
def test_settings_that_can_not_work_end_the_start(
    of_service: Callable[..., Service], provider: OpenIdProvider, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=next(iter(wrong)).upper()):
        of_service(**openid(provider) | wrong)


@pytest.mark.parametrize("people", [{"oidc_issuer": "https://id.acme.example"}, {"trusted_proxy": ("10.0.0.1",)}])
def test_where_people_sign_in_the_service_is_at_the_root_of_a_host(
    of_service: Callable[..., Service], people: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="SCENEDOCK_PUBLIC_URL must be an address without a path"):
        of_service(public_url="https://acme.example/scenedock", **people)


def test_replicas_with_a_database_need_one_signing_key(tmp_path: Path) -> None:
    for name, value in (("oidc_issuer", "https://id.acme.example"), ("trusted_proxy", ("10.0.0.1",))):
        settings = replace(Settings(data=tmp_path, database_url="postgresql://db/x"), **{name: value})  # type: ignore[arg-type]
        with pytest.raises(InputError, match="SCENEDOCK_SIGNING_KEY must be set"):
            signing_key(settings)


def test_sessions_are_kept_where_the_tasks_are(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    key = signing_key(settings)

    stores = [
        open_sign_in(replace(settings, database_url=url), StaticTokens(), key).sessions.store
        for url in ("", "sqlite:////data/tasks.db", "postgresql://db/x")
    ]

    assert [type(store).__name__ for store in stores] == ["SessionFiles", "SessionFiles", "SessionTable"]


# Sessions


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
