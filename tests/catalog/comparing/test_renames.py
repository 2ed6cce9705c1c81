"""What is gone and what is new is one entity, renamed, only where that is beyond doubt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.comparing.renames import recognise_renames
from scenedock.model.entity import Entity, EntityRef
from scenedock.model.json import Json


def component(name: str, kind: str = "Component", **spec: Json) -> Entity:
    annotations = {"scenedock.dev/path": f"apps/{name}", "backstage.io/view-url": f"https://a.example/apps/{name}"}
    return Entity({"kind": kind, "metadata": {"name": name, "annotations": annotations}, "spec": {"type": "a", **spec}})


def ref(name: str, kind: str = "component") -> EntityRef:
    return EntityRef.of(kind, name)


def test_one_that_differs_only_by_its_name_is_renamed() -> None:
    assert recognise_renames([component("search")], [component("finder")]) == {ref("search"): ref("finder")}


def test_one_that_also_moved_to_another_owner_is_still_alike_enough() -> None:
    before = component("search", owner="a", lifecycle="b", system="c")
    after = component("finder", owner="x", lifecycle="b", system="c", dependsOn=["component:search-index"])
    more = component("finder", owner="x", lifecycle="y", system="z")

    assert recognise_renames([before], [component("finder", owner="x", lifecycle="b", system="c")]) == {}
    assert recognise_renames([before], [after, more]) == {}
    assert recognise_renames(
        [component("search", labels={str(n): n for n in range(9)}, owner="a")],
        [component("finder", labels={str(n): n for n in range(9)}, owner="b")],
    ) == {ref("search"): ref("finder")}


def test_two_that_are_as_alike_are_no_renames() -> None:
    assert recognise_renames([component("search")], [component("finder"), component("seeker")]) == {}
    assert recognise_renames([component("search"), component("lookup")], [component("finder")]) == {}


def test_another_kind_is_another_thing() -> None:
    assert recognise_renames([component("a")], [component("b", kind="System")]) == {}


def test_known_files_decide_whatever_the_entities_say() -> None:
    gone, new = [component("a", owner="x"), component("b")], [component("c", type="other"), component("d")]
    files = {"a": "1 2 3 4", "b": "7 8 9", "c": "1 2 3 5", "d": "6"}
    contents = {ref(name): frozenset(text.split()) for name, text in files.items()}

    assert recognise_renames(gone, new, contents, contents) == {ref("a"): ref("c")}


def test_what_is_named_after_a_service_is_renamed_along_with_it() -> None:
    gone = [component("search"), component("search-opensearch", "Resource", owner="a"), component("research", "API")]
    new = [
        component("finder"),
        component("finder-opensearch", "Resource", type="b"),
        component("refinder", "API", x=1, y=2),
    ]

    assert recognise_renames(gone, new) == {
        ref("search"): ref("finder"),
        ref("search-opensearch", "resource"): ref("finder-opensearch", "resource"),
    }


NAMES = st.lists(st.sampled_from([*"abcdefgh"]), unique=True, max_size=4)


@given(NAMES, NAMES)
def test_every_new_entity_is_the_new_name_of_at_most_one_old_one(gone: list[str], new: list[str]) -> None:
    old = [component(name, owner=name) for name in gone if name not in new]
    renames = recognise_renames(old, [component(name) for name in new if name not in gone])

    assert len(set(renames.values())) == len(renames)
