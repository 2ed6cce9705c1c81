"""Differences are found field by field, and said on one line each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.comparing.changes import changes_between
from scenedock.catalog.comparing.differences import FieldChange, differences
from scenedock.model.entity import Entity
from scenedock.model.json import Json

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.lists(st.text(max_size=2), max_size=3)
)
OBJECTS = st.dictionaries(
    st.text(max_size=2),
    st.recursive(LEAVES, lambda inner: st.dictionaries(st.text(max_size=2), inner, max_size=3)),
    max_size=4,
)


@given(OBJECTS)
def test_what_is_equal_has_no_differences(document: dict[str, Json]) -> None:
    assert differences(document, document) == []


@given(OBJECTS, OBJECTS)
def test_each_difference_is_the_same_seen_from_the_other_side(one: dict[str, Json], other: dict[str, Json]) -> None:
    there = {(each.path, repr(each.before), repr(each.after)) for each in differences(one, other)}
    back = {(each.path, repr(each.after), repr(each.before)) for each in differences(other, one)}

    assert there == back


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("a", "b", "x.y: a → b"),
        (None, "a", "x.y: nothing → a"),
        (True, 3, "x.y: true → 3"),
        (["a", "b"], ["b", "c"], "x.y: -a +c"),
        (None, ["a"], "x.y: +a"),
        (["a", "b"], ["b", "a"], "x.y: order changed"),
        ([{"url": "a"}], [], "x.y: a list of 1 → a list of 0"),
        ({}, {"a": 1}, "x.y: {} → 1 fields"),
        ("line\nline", "a" * 121, "x.y: a text of 9 characters → a text of 121 characters"),
    ],
)
def test_a_change_is_said_on_one_line(before: Json, after: Json, said: str) -> None:
    assert str(FieldChange(("x", "y"), before, after)) == said


def entity(name: str, owner: str) -> Entity:
    return Entity({"kind": "Component", "metadata": {"name": name}, "spec": {"owner": owner}})


def test_owners_of_before_and_after_are_affected_each_once_and_in_full() -> None:
    before = [entity("a", "payments"), entity("b", "unknown"), entity("same", "nobody")]
    after = [entity("a", "user:jane"), entity("c", "group:default/payments"), entity("same", "nobody")]

    changes = changes_between(before, after)

    assert changes.owners == ("group:default/payments", "user:default/jane")
    assert str(changes) == "1 added, 1 changed, 1 removed"


def test_no_changes_are_said_and_false() -> None:
    changes = changes_between([entity("a", "b")], [entity("a", "b")])

    assert (str(changes), bool(changes)) == ("no changes", False)
