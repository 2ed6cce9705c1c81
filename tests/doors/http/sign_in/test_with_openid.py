"""People sign in to the pages with an OpenID provider."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from flask.testing import FlaskClient

from scenedock.doors.http.app import make_app
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from tests.doors.http.sign_in.people import HTML, audited, csrf, name_of, openid, sign_in, sign_in_with_token, there
from tests.fakes.openid_provider import CLIENT, SECRET, Key, OpenIdProvider, signed
from tests.tools.service import ADMIN, READ, RUN, bearer


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
