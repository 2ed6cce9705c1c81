"""Public keys are asked for when a token brings a new one, and only usable ones are taken."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from scenedock.effects.backstage.public_keys import PublicKeys, plugin_keys
from scenedock.errors import TemporaryError
from scenedock.model.json import JsonObject
from scenedock.structs import replace
from tests.tools.server import wait_until
from tests.tools.tokens import Backstage, new_key


@pytest.mark.parametrize("plugin", ["", "..", "a/b", "A", "a.b", "é", "a" * 65, "a\n"])
def test_what_is_no_plugin_has_no_keys(plugin: str) -> None:
    with pytest.raises(ValueError, match="not the id"):
        plugin_keys(plugin)


def test_whatever_a_key_set_holds_only_usable_keys_are_taken() -> None:
    good = new_key().public_jwk
    listed = [
        good,
        {"kid": "rsa", "kty": "RSA", "n": "x", "e": "AQAB"},
        {"kid": "bad", "kty": "EC", "crv": "P-256", "x": "?", "y": "?"},
        {"kty": "EC", "crv": "P-256"},
        "text",
        None,
    ]
    keys = PublicKeys(lambda _path: {"keys": listed})

    assert keys.key("p", str(good["kid"])) is not None
    assert [keys.key("p", kid) for kid in ("rsa", "bad", "None")] == [None, None, None]


@pytest.mark.parametrize("published", [{}, {"keys": None}, {"keys": {}}, {"keys": "x"}])
def test_a_key_set_that_is_none_has_no_keys(published: dict[str, object]) -> None:
    assert PublicKeys(lambda _path: published).key("p", "x") is None  # type: ignore[arg-type,return-value]


def test_many_requests_with_one_new_key_ask_once() -> None:
    backstage = Backstage()
    keys = PublicKeys(backstage.fetch)
    threads = [threading.Thread(target=keys.key, args=("p", backstage.plugin_key.kid)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert backstage.asked == ["p"]


def test_a_known_key_does_not_wait_for_what_a_forged_one_asks() -> None:
    backstage = Backstage()
    asked, answer = threading.Event(), threading.Event()

    def slow(path: str) -> JsonObject:
        if backstage.asked:
            asked.set()
            answer.wait(30)
        return backstage.fetch(path)

    keys = PublicKeys(slow)
    known = keys.key("p", backstage.plugin_key.kid)
    with ThreadPoolExecutor(2) as threads:
        forged = threads.submit(keys.key, "p", "forged")
        assert asked.wait(30)
        try:
            assert threads.submit(keys.key, "p", backstage.plugin_key.kid).result(10) is known
        finally:
            answer.set()

        assert forged.result(30) is None


def test_others_wait_for_the_one_who_asks_but_not_too_many_and_not_the_impatient() -> None:
    backstage = Backstage()
    asked, answer = threading.Event(), threading.Event()

    def slow(path: str) -> JsonObject:
        asked.set()
        answer.wait(30)
        return backstage.fetch(path)

    keys = PublicKeys(slow, most_waiting=1)
    kid = backstage.plugin_key.kid
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(keys.key, "p", kid)
        assert asked.wait(30)
        with pytest.raises(TemporaryError, match="takes long"):
            replace(keys, patience=0).key("p", kid)
        second = threads.submit(keys.key, "p", kid)
        wait_until(lambda: keys._held["p"].waiting == 1, "one who waits")
        with pytest.raises(TemporaryError, match="takes long"):
            keys.key("p", kid)
        answer.set()

        assert first.result(30) is second.result(30) is not None
    assert backstage.asked == ["p"]


def test_keys_that_are_old_are_used_while_somebody_asks_for_new_ones() -> None:
    backstage = Backstage()
    asked, answer = threading.Event(), threading.Event()

    def slow(path: str) -> JsonObject:
        if backstage.asked:
            asked.set()
            answer.wait(30)
        return backstage.fetch(path)

    now = [0.0]
    keys = PublicKeys(slow, clock=lambda: now[0])
    kid = backstage.plugin_key.kid
    known = keys.key("p", kid)
    now[0] = keys.keep + 1
    with ThreadPoolExecutor(1) as threads:
        asker = threads.submit(keys.key, "p", kid)
        assert asked.wait(30)

        assert keys.key("p", kid) is known
        answer.set()
        assert asker.result(30) is not None
