"""What people send to sign in, and who they are then."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.fakes.openid_provider import CLIENT, SECRET, OpenIdProvider

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OURS = {"Origin": "http://localhost"}
PROXY: dict[str, Any] = {"trusted_proxy": ("10.1.0.0/16",), "proxy_groups_header": "X-Forwarded-Groups"}


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
