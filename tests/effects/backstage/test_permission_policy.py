"""Backstage's policy is asked with the user's own token, and nothing that it doesn't say is taken for a permission."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from scenedock.effects.backstage.client import BackstageClient
from scenedock.effects.backstage.permission_policy import PermissionPolicy
from scenedock.effects.backstage.plugin_tokens import PluginTokens
from scenedock.effects.backstage.remembered import Remembered
from scenedock.effects.backstage.signing_keys import SigningKey
from scenedock.errors import TemporaryError
from tests.tools.peer import Peer

ADA, BOB = "ada's token", "bob's token"


@pytest.fixture
def policy(peer: Peer, key: SigningKey) -> PermissionPolicy:
    tokens = PluginTokens(key)
    peer.respond = lambda _path, sent: {"items": [{"id": sent["items"][0]["id"], "result": "ALLOW"}]}
    return PermissionPolicy(BackstageClient(peer.url, tokens.token), tokens, Remembered(10.0, clock=lambda: 0.0))


def test_it_is_asked_what_the_scaffolder_asks_on_behalf_of_the_user(
    peer: Peer, key: SigningKey, policy: PermissionPolicy
) -> None:
    assert policy.decision(ADA, fresh=True)["result"] == "ALLOW"

    ((method, path, headers, sent),) = peer.asked
    assert (method, path) == ("POST", "/api/permission/authorize")
    ((item,),) = [json.loads(sent)["items"]]
    assert item["permission"] == {
        "type": "resource",
        "name": "scaffolder.action.execute",
        "attributes": {},
        "resourceType": "scaffolder-action",
    }
    token = headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, jwt.PyJWK(dict(key.public_jwk)).key, algorithms=["ES256"], audience="permission")
    assert (claims["sub"], claims["obo"], claims["exp"] - claims["iat"]) == ("scenedock", ADA, 60)


def test_lists_may_use_a_decision_that_is_some_seconds_old_and_calls_may_not(
    peer: Peer, policy: PermissionPolicy
) -> None:
    now = 0.0
    policy.known.clock = lambda: now
    for user in (ADA, ADA, BOB):
        policy.decision(user, fresh=False)
    assert len(peer.asked) == 2

    policy.decision(ADA, fresh=True)
    assert len(peer.asked) == 3

    now = 11.0
    policy.decision(ADA, fresh=False)
    assert len(peer.asked) == 4


@pytest.mark.parametrize("answer", [{}, {"items": []}, {"items": [{"id": "another", "result": "ALLOW"}]}, []])
def test_an_answer_to_another_question_is_no_permission(peer: Peer, policy: PermissionPolicy, answer: Any) -> None:
    peer.respond = lambda _path, _sent: answer

    assert "result" not in policy.decision(ADA, fresh=True)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 501, 503])
def test_a_policy_that_does_not_answer_refuses(peer: Peer, policy: PermissionPolicy, status: int) -> None:
    peer.status = status

    with pytest.raises(TemporaryError, match=rf"doesn't answer \({status} .*SCENEDOCK_BACKSTAGE_PERMISSIONS"):
        policy.decision(ADA, fresh=True)


def test_a_policy_that_can_not_be_reached_refuses(peer: Peer, policy: PermissionPolicy) -> None:
    peer.server_close()
    peer.shutdown()

    with pytest.raises(TemporaryError, match="can't be reached"):
        policy.decision(ADA, fresh=True)
