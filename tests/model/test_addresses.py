"""Credentials are found in every way to write them, and nothing is taken for credentials that is none."""

from __future__ import annotations

import pytest

from scenedock.model.addresses import credentials_in, is_base_address, without_credentials
from scenedock.model.json import Json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://jane:c4n4ry@git.acme.test/a/b", "https://git.acme.test/a/b"),
        ("https://c4n4ry@git.acme.test/a/b", "https://git.acme.test/a/b"),
        ("HTTPS://C4N4RY@git.acme.test/a/b", "HTTPS://git.acme.test/a/b"),
        ("https://jane:c4@n4ry@git.acme.test/a", "https://git.acme.test/a"),
        ("https://jane:c4n%40ry@git.acme.test/a", "https://git.acme.test/a"),
        ("https://jane:c4/n4ry@git.acme.test/a", "https://git.acme.test/a"),
        ("https://jane:c4?n4ry@git.acme.test/a", "https://git.acme.test/a"),
        ("https://jane:c4#n4ry@git.acme.test/a", "https://git.acme.test/a"),
        ("https://c4n4ry@npm.acme.test/@acme/a", "https://npm.acme.test/@acme/a"),
        ("ssh://jane:c4n4ry@git.acme.test:22/a", "ssh://git.acme.test:22/a"),
        ("redis://:c4n4ry@cache:6379", "redis://cache:6379"),
        ("'https://j:c4n4ry@a.test/x', \"https://c4n4ry@b.test\"", "'https://a.test/x', \"https://b.test\""),
    ],
)
def test_credentials_are_left_out(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "https://git.acme.test/a/b",
        "https://git.acme.test:8443/@jane",
        "https://[::1]:8080/@jane",
        "https://social.acme.test/@jane",
        "https://git.acme.test:8443, jane@acme.test",
        "jdbc:mysql://db:3306,db2:3306/app?mail=jane@acme.test",
        '{"url": "https://git.acme.test:8443","mail":"a:b@acme.test"}',
        "ssh://git@git.acme.test/a",
        "postgres://app@db/app",
        "git@git.acme.test:a/b.git",
        "mailto:jane@acme.test",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert without_credentials(text) == text


@pytest.mark.parametrize("url", ["http://localhost:7007", "https://backstage.acme.test/base/", "http://[::1]:7007"])
def test_a_service_can_be_at_such_an_address(url: str) -> None:
    assert is_base_address(url)


@pytest.mark.parametrize(
    "url",
    ["", "localhost:7007", "ftp://a.test", "https://", "https://jane@a.test", "https://a.test?x=1", "http://[::1"],
)
def test_a_service_can_not_be_at_such_an_address(url: str) -> None:
    assert not is_base_address(url)


def test_they_are_found_wherever_they_stand() -> None:
    bad = "https://j:c4n4ry@a.test"
    value: Json = {"a": [1, {"b": bad}], "c": "https://a.test", bad: None, "d": {bad: [bad]}}

    assert credentials_in(value) == [("a", 1, "b"), (bad,), ("d", bad), ("d", bad, 0)]
