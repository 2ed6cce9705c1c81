"""The feed is one file or an index of files, always YAML, without what Backstage would refuse."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.catalog import feed as feeds
from scenedock.catalog.feed import INDEX, make_feed, with_finding
from scenedock.documents.reading import BACKSTAGE, read_documents
from scenedock.model.entity import Entity, build_entity
from scenedock.model.finding import Finding, Place


def component(name: str, **spec: Any) -> Entity:
    chosen = {"type": "service", "lifecycle": "production", "owner": "group:default/payments"} | spec
    return build_entity("Component", name, {}, chosen, Place("apps", name))


def documents(data: bytes) -> list[Any]:
    return [document.value for document in read_documents(data, meaning=BACKSTAGE)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST_IN_ONE_FILE", 10)


def test_a_small_catalog_is_one_file() -> None:
    feed = make_feed([component("b"), component("a")], ())

    assert [each["metadata"]["name"] for each in documents(feed.files[INDEX])] == ["a", "b"]
    assert (list(feed.files), feed.by_kind, feed.entities) == ([INDEX], {"Component": 2}, 2)
    assert [(line.name, line.owner, line.folder) for line in feed.components] == [
        ("a", "payments", "a"),
        ("b", "payments", "b"),
    ]


def test_no_entities_are_an_empty_file() -> None:
    assert make_feed([], ()).files == {INDEX: b""}


@pytest.mark.usefixtures("small")
def test_a_large_catalog_is_an_index_of_files() -> None:
    entities = [component(f"service-{number}") for number in range(40)]

    feed = make_feed(entities, ())
    index = documents(feed.files[INDEX])
    parts = [name for name in feed.files if name != INDEX]

    assert [each["kind"] for each in index] == ["Location"]
    assert index[0]["spec"]["targets"] == [f"./{name}" for name in sorted(parts)]
    held = [each["metadata"]["name"] for name in parts for each in documents(feed.files[name])]
    assert sorted(held) == sorted(entity.name for entity in entities)
    assert feed.entities == 40


@pytest.mark.usefixtures("small")
def test_an_entity_stays_in_its_file_whatever_comes_and_goes() -> None:
    def home(feed: feeds.Feed) -> list[str]:
        return [name for name, data in feed.files.items() if b"name: service-7\n" in data]

    few = make_feed([component(f"service-{number}") for number in range(11)], ())
    many = make_feed([component(f"service-{number}") for number in range(5, 80)], ())

    assert home(few) == home(many)
    assert len(home(few)) == 1


def test_what_backstage_would_refuse_costs_only_itself() -> None:
    feed = make_feed([component("good"), component("bad", lifecycle=7)], [Finding("info", "x", "y", Place())])

    assert [each["metadata"]["name"] for each in documents(feed.files[INDEX])] == ["good"]
    assert [finding.code for finding in feed.findings] == ["refused-entity", "x"]
    assert "component:default/bad is left out" in feed.findings[0].message


def test_what_cannot_be_read_again_is_never_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "write_documents", lambda _documents: "a: [")

    with pytest.raises(ValueError, match=r"catalog-info\.yaml can't be read again"):
        make_feed([component("a")], ())


def test_a_finding_takes_the_place_of_one_of_its_code() -> None:
    feed = with_finding(make_feed([], [Finding("info", "x", "old", Place())]), Finding("error", "x", "new", Place()))

    assert [finding.message for finding in feed.findings] == ["new"]
