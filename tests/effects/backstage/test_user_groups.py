"""The groups of users come from the catalog, with those above them, and are remembered for a while."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.client import BackstageClient
from scenedock.effects.backstage.plugin_tokens import PluginTokens
from scenedock.effects.backstage.remembered import Remembered
from scenedock.effects.backstage.signing_keys import SigningKey
from scenedock.effects.backstage.user_groups import UserGroups
from scenedock.errors import TemporaryError
from tests.tools.peer import Peer

RELATIONS = {
    "user:default/ada": [("memberOf", "group:default/Payments"), ("ownerOf", "component:default/ledger")],
    "group:default/payments": [("childOf", "group:default/shop"), ("hasMember", "user:default/ada")],
    "group:default/shop": [("childOf", "group:default/payments"), ("parentOf", "group:default/payments")],
}


def entities(path: str, sent: Any) -> Any:
    assert path == "/api/catalog/entities/by-refs"
    relations = [RELATIONS.get(reference) for reference in sent["entityRefs"]]
    return {
        "items": [
            None if each is None else {"relations": [{"type": kind, "targetRef": target} for kind, target in each]}
            for each in relations
        ]
    }


@pytest.fixture
def groups(peer: Peer, key: SigningKey) -> UserGroups:
    peer.respond = entities
    return UserGroups(
        BackstageCatalog(BackstageClient(peer.url, PluginTokens(key).token)), known=Remembered(60.0, clock=lambda: 0.0)
    )


def test_a_user_is_in_its_groups_and_in_those_above_them_even_if_they_are_in_a_circle(groups: UserGroups) -> None:
    assert groups.of("user:default/ada") == {"group:default/payments", "group:default/shop"}


def test_a_user_whom_the_catalog_does_not_have_is_in_no_group_until_it_has(
    groups: UserGroups, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert groups.of("user:default/guest") == frozenset()

    monkeypatch.setitem(RELATIONS, "user:default/guest", [("memberOf", "group:default/shop")])
    assert "group:default/shop" in groups.of("user:default/guest")


def test_groups_are_asked_for_again_after_a_while(peer: Peer, groups: UserGroups) -> None:
    now = 0.0
    groups.known.clock = lambda: now
    groups.of("user:default/ada")
    asked = len(peer.asked)

    groups.of("user:default/ada")
    assert len(peer.asked) == asked

    now = 61.0
    groups.of("user:default/ada")
    assert len(peer.asked) == 2 * asked


def test_nobody_is_taken_for_a_user_without_groups_while_the_catalog_does_not_answer(
    peer: Peer, groups: UserGroups
) -> None:
    peer.status = 503

    with pytest.raises(TemporaryError, match="answered 503"):
        groups.of("user:default/ada")
