"""Our calls to Backstage are signed, bounded, follow nobody elsewhere, and fail as something temporary."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
import urllib3

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.client import BackstageClient
from scenedock.effects.backstage.permission_policy import PermissionPolicy
from scenedock.effects.backstage.plugin_tokens import PluginTokens
from scenedock.effects.backstage.signing_keys import SigningKey
from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError, TemporaryError
from tests.tools.peer import Peer


def client(url: str, key: SigningKey) -> BackstageClient:
    return BackstageClient(url, PluginTokens(key).token)


def test_a_call_brings_a_token_that_backstage_can_check(peer: Peer, key: SigningKey) -> None:
    catalog = BackstageCatalog(client(peer.url, key))

    catalog.refresh("location:default/generated-1")
    catalog.refresh("location:default/generated-2")

    (method, path, headers, sent), second = peer.asked
    assert (method, path, json.loads(sent)) == (
        "POST",
        "/api/catalog/refresh",
        {"entityRef": "location:default/generated-1"},
    )
    token = headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, jwt.PyJWK(dict(key.public_jwk)).key, algorithms=["ES256"], audience="catalog")
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("scenedock", 3600)
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": key.kid, "typ": "vnd.backstage.plugin"}
    assert second[2]["Authorization"] == headers["Authorization"]


def test_what_the_catalog_does_not_have_is_not_found(peer: Peer, key: SigningKey) -> None:
    peer.status, peer.body = 404, b'{"error": {"name": "NotFoundError"}}'

    with pytest.raises(NotFoundError, match="has no location:default/generated-1"):
        BackstageCatalog(client(peer.url, key)).refresh("location:default/generated-1")


def test_a_location_is_tried_and_then_registered_with_our_token(peer: Peer, key: SigningKey) -> None:
    peer.body = b'{"location": {"id": "7"}, "exists": false}'
    tokens = PluginTokens(key)
    catalog = BackstageCatalog(BackstageClient(peer.url, tokens.token))

    answers = [catalog.add_location("https://x/y", dry_run=dry_run) for dry_run in (True, False)]

    assert [each["exists"] for each in answers] == [False, False]
    assert [asked[:2] for asked in peer.asked] == [
        ("POST", "/api/catalog/locations?dryRun=true"),
        ("POST", "/api/catalog/locations"),
    ]
    for _, _, headers, sent in peer.asked:
        assert json.loads(sent) == {"type": "url", "target": "https://x/y"}
        assert headers["Authorization"] == f"Bearer {tokens.token('catalog')}"


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (400, InputError, "https://x/y: Backstage says: no matching files"),
        (403, NotAllowedError, "Backstage says: no matching files"),
        (409, ConflictError, "Backstage says: no matching files"),
        (401, TemporaryError, "answered 401"),
        (500, TemporaryError, "answered 500"),
    ],
)
def test_what_backstage_refuses_is_told_as_it_says_it(
    peer: Peer, key: SigningKey, status: int, error: type[Exception], said: str
) -> None:
    peer.status, peer.body = status, b'{"error": {"name": "X", "message": "no matching files"}}'

    with pytest.raises(error, match=said):
        BackstageCatalog(client(peer.url, key)).add_location("https://x/y", dry_run=True)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": 1}'])
def test_a_refusal_that_says_nothing_is_told_by_its_status(peer: Peer, key: SigningKey, body: bytes) -> None:
    peer.status, peer.body = 400, body

    with pytest.raises(InputError, match="Backstage says: 400"):
        BackstageCatalog(client(peer.url, key)).add_location("https://x/y", dry_run=True)


def test_a_location_is_found_by_its_address(peer: Peer, key: SigningKey) -> None:
    peer.body = b'[{"data": {"id": "1", "target": "https://a"}}, {"data": {"id": "2", "target": "https://b"}}, 3]'
    catalog = BackstageCatalog(client(peer.url, key))

    assert [catalog.location_id(f"https://{name}") for name in "bc"] == ["2", None]


def test_a_redirect_is_not_followed(peer: Peer, key: SigningKey) -> None:
    peer.status, peer.location = 302, "http://169.254.169.254/latest/meta-data"

    with pytest.raises(TemporaryError, match="answered 302"):
        client(peer.url, key).get("catalog/entities")
    assert len(peer.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b"{}", "answered 500"),
        (401, b"{}", "answered 401"),
        (404, b"{}", "answered 404"),
        (200, b"<html>", "not JSON"),
        (200, b"x" * 2**21, "200"),
    ],
)
def test_what_is_no_proper_answer_is_temporary(
    peer: Peer, key: SigningKey, status: int, body: bytes, said: str
) -> None:
    peer.status, peer.body = status, body

    with pytest.raises(TemporaryError, match=said):
        client(peer.url, key).get("x")


def test_a_backend_that_is_away_is_temporary(key: SigningKey) -> None:
    with pytest.raises(TemporaryError, match="can't be reached"):
        client("http://127.0.0.1:1", key).get("x")


class NotedTimes(urllib3.PoolManager):
    """Real connections; notes for how many seconds each request waits for its answer."""

    def __init__(self) -> None:
        super().__init__(retries=False)
        self.waits: list[float] = []

    def request(self, *given: Any, **options: Any) -> Any:
        self.waits.append(options["timeout"].read_timeout)
        return super().request(*given, **options)


def test_what_a_beginning_task_needs_may_come_late(peer: Peer, key: SigningKey) -> None:
    pool, tokens = NotedTimes(), PluginTokens(key)
    patient = BackstageClient(peer.url, tokens.token, pool=pool)

    patient.get("auth/.backstage/auth/v1/jwks.json")
    PermissionPolicy(patient, tokens).decision("ada's token", fresh=True)
    BackstageCatalog(patient).related(["user:default/ada"], "memberOf")
    BackstageCatalog(patient).refresh("location:default/generated-1")

    assert pool.waits == [20.0, 20.0, 20.0, 5.0]
