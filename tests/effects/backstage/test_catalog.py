"""The catalog of a Backstage is read page by page, and what can go wrong on the way is said in words."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.client import BackstageClient
from scenedock.errors import (
    AuthenticationError,
    InputError,
    NotAllowedError,
    NotFoundError,
    ScenedockError,
    TemporaryError,
)
from scenedock.model.entity import EntityRef
from tests.tools.backstage_catalog import FakeBackstage, serve

KEY = "right"


@pytest.fixture
def backstage() -> Iterator[FakeBackstage]:
    entities = [{"kind": "Component", "metadata": {"name": f"service-{number}"}} for number in range(1201)]
    with serve(FakeBackstage(entities=entities)) as running:
        yield running


def read(backstage: FakeBackstage, token: str = "") -> list[str]:
    return [entity.name for entity in BackstageCatalog(BackstageClient.with_token(backstage.url, token)).entities()]


def test_all_pages_are_read_in_order(backstage: FakeBackstage) -> None:
    assert read(backstage) == [f"service-{number}" for number in range(1201)]
    assert len(backstage.asked) == 3


def test_an_empty_catalog_has_no_entities(backstage: FakeBackstage) -> None:
    backstage.entities = ()

    assert read(backstage) == []


def test_entities_are_found_by_their_references_many_at_once(backstage: FakeBackstage) -> None:
    catalog = BackstageCatalog(BackstageClient.with_token(backstage.url, ""))
    refs = [EntityRef.of("Component", f"service-{number}") for number in range(1000, 2100)]

    assert [entity.name for entity in catalog.by_refs(refs)] == [f"service-{number}" for number in range(1000, 1201)]
    assert len(backstage.asked) == 3
    assert list(catalog.by_refs([])) == []
    assert len(backstage.asked) == 3
    backstage.token = KEY
    with pytest.raises(AuthenticationError, match="valid token"):
        list(catalog.by_refs(refs))
    backstage.answer = lambda: (200, {}, b"{}")
    with pytest.raises(InputError, match="without `items`"):
        list(catalog.by_refs(refs))


def test_the_token_is_sent_and_a_wrong_one_is_refused(backstage: FakeBackstage) -> None:
    backstage.token = KEY

    assert len(read(backstage, KEY)) == 1201
    with pytest.raises(AuthenticationError, match="requires a valid token"):
        read(backstage, "wrong")


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, NotAllowedError), (404, NotFoundError), (400, InputError), (500, TemporaryError), (302, InputError)],
)
def test_a_refusal_is_an_error_of_its_kind(backstage: FakeBackstage, status: int, error: type[ScenedockError]) -> None:
    backstage.answer = lambda: (status, {"Location": backstage.url}, b"{}")

    with pytest.raises(error):
        read(backstage)
    assert len(backstage.asked) == 1


@pytest.mark.parametrize(
    "body", [b"<html>Sign in</html>", b"[]", b'{"items": []}', b'{"items": 1, "pageInfo": {}}', b"\xff"]
)
def test_what_is_no_backstage_is_told_so(backstage: FakeBackstage, body: bytes) -> None:
    backstage.answer = lambda: (200, {}, body)

    with pytest.raises(InputError, match="this is not a Backstage backend"):
        read(backstage)


def test_pages_without_an_end_are_not_followed_for_ever(backstage: FakeBackstage) -> None:
    backstage.answer = lambda: (200, {}, b'{"items": [], "pageInfo": {"nextCursor": "again"}}')

    with pytest.raises(InputError, match="an endless list of pages"):
        read(backstage)


def test_one_that_is_restarting_is_asked_again(backstage: FakeBackstage) -> None:
    def once() -> tuple[int, dict[str, str], bytes]:
        backstage.answer = None
        return 503, {}, b""

    backstage.answer = once

    assert len(read(backstage)) == 1201


def test_one_that_is_not_there_is_a_temporary_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TemporaryError, match="can't be reached"):
            list(
                BackstageCatalog(
                    BackstageClient.with_token(f"http://127.0.0.1:{taken.getsockname()[1]}", "")
                ).entities()
            )


@pytest.mark.parametrize(
    "url", ["", "backstage.acme.example", "ftp://a", "http://", "https://jane:pw@a", "file:///etc"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="not the address of a Backstage backend"):
        BackstageClient.with_token(url, "")


def test_a_token_that_would_break_the_header_is_refused() -> None:
    with pytest.raises(InputError, match="characters that are not allowed in tokens"):
        BackstageClient.with_token("http://localhost:7007", "a\r\nX: y")
