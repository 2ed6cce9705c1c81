"""The feed is an index of files in which entities stay, always YAML, without what Backstage would refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from scenedock.catalog.emitting import feed as feeds
from scenedock.catalog.emitting.feed import INDEX, Feed, location_ref, make_feed, with_findings
from scenedock.catalog.vocabulary.validation import problems_of
from scenedock.documents.reading import BACKSTAGE, read_documents
from scenedock.model.entity import Entity, build_entity
from scenedock.model.finding import Finding, Place, Reason
from scenedock.model.json import JsonObject
from scenedock.structs import replace


def component(name: str, **spec: Any) -> Entity:
    chosen = {"type": "service", "lifecycle": "production", "owner": "group:default/payments"} | spec
    return build_entity("Component", name, {}, chosen, Place("apps", name))


def documents(data: bytes) -> list[Any]:
    return [document.value for document in read_documents(data, meaning=BACKSTAGE)]


def names(feed: Feed) -> list[str]:
    """The names of the entities in all files but the index."""
    files = (data for name, data in feed.files.items() if name != INDEX)
    return sorted(each["metadata"]["name"] for data in files for each in documents(data))


def test_what_is_in_the_feed_is_counted_without_its_index() -> None:
    feed = make_feed([component("b"), component("a")], ())

    assert (names(feed), feed.by_kind, feed.entities) == (["a", "b"], {"Component": 2}, 2)
    assert [(line.name, line.owner, line.folder) for line in feed.components] == [
        ("a", "payments", "a"),
        ("b", "payments", "b"),
    ]


@pytest.mark.parametrize(("entities", "most"), [(0, 0), (1, 1), (3, 3), (400, 16)])
def test_the_index_has_a_location_for_each_file_that_has_entities(entities: int, most: int) -> None:
    feed = make_feed([component(f"service-{number}") for number in range(entities)], ())
    index = documents(feed.files[INDEX])
    parts = sorted(name for name in feed.files if name != INDEX)

    assert [(each["kind"], problems_of(each)) for each in index] == [("Location", ())] * len(parts)
    assert [each["spec"] for each in index] == [{"target": f"./{name}"} for name in parts]
    assert [f"location:default/{each['metadata']['name']}" for each in index] == [str(location_ref(n)) for n in parts]
    assert len(parts) <= most
    assert all(feed.files[name] for name in parts)
    assert names(feed) == sorted(f"service-{number}" for number in range(entities))


def test_a_large_catalog_is_spread_over_sixteen_files() -> None:
    assert len(make_feed([component(f"service-{number}") for number in range(400)], ()).files) == 1 + 16


@pytest.mark.parametrize(
    "others",
    [[], [component(f"service-{number}") for number in range(8, 2000)]],
    ids=["alone", "among thousands"],
)
def test_an_entity_is_in_the_same_file_whatever_is_around_it(others: list[Entity]) -> None:
    feed = make_feed([component("service-7"), *others], ())

    # The first digit of the sha256 of component:default/service-7: another file in a later version would be a conflict
    assert [name for name, data in feed.files.items() if b"name: service-7\n" in data] == ["entities-4.yaml"]


def test_what_backstage_would_refuse_costs_only_itself() -> None:
    feed = make_feed([component("good"), component("bad", lifecycle=7)], [Finding("info", "x", "y", Place())])

    assert names(feed) == ["good"]
    assert [finding.code for finding in feed.findings] == ["refused-entity", "x"]
    assert "component:default/bad is left out" in feed.findings[0].message


def test_what_cannot_be_read_again_is_never_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "write_documents", lambda _documents: "a: [")

    with pytest.raises(ValueError, match=r"catalog-info\.yaml can't be read again"):
        make_feed([component("a")], ())


def test_only_files_whose_entities_have_changed_are_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_feed([component(f"service-{number}") for number in range(400)], ())
    changed = [component(f"service-{number}", **({"lifecycle": "new"} if number == 7 else {})) for number in range(400)]
    whole = make_feed(changed, ())
    written: list[str] = []

    def write(name: str, documents: Sequence[JsonObject], write: Any = feeds._written) -> Any:
        written.append(name)
        return write(name, documents)

    monkeypatch.setattr(feeds, "_written", write)
    assert make_feed(changed, (), last=first).files == whole.files
    assert written == ["entities-4.yaml"]
    damaged = replace(first, files={**first.files, "entities-0.yaml": b"x"})
    assert make_feed(changed, (), last=damaged).files == whole.files
    assert sorted(written[1:]) == ["entities-0.yaml", "entities-4.yaml"]


def test_findings_take_the_place_of_those_of_their_code() -> None:
    feed = make_feed([], [Finding("info", code, "old", Place()) for code in ("x", "y", "x")])
    new = [Finding("error", "x", message, Place()) for message in ("new", "newer")]

    assert [finding.message for finding in with_findings(feed, "x", new, []).findings] == ["new", "newer", "old"]
    assert [finding.code for finding in with_findings(feed, "x", [], []).findings] == ["y"]
    told = with_findings(feed, "x", [], [Reason("apps", "x", "old"), Reason("apps", "y", "other")])
    assert [str(each) for each in with_findings(told, "x", [], [Reason("", "x", "new")]).reasons] == [
        "new",
        "apps: other",
    ]
