"""Drawings of graphs: whatever the relations are, circles among them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scenedock.doors.http.rendering.graph_layout import BOX_HEIGHT, BOX_WIDTH, Box, draw
from scenedock.doors.http.rendering.relations import Relation
from scenedock.model.entity import EntityRef

REFS = st.integers(0, 12).map(lambda number: EntityRef.of("component", f"service-{number}"))
RELATIONS = st.sets(
    st.tuples(REFS, REFS).filter(lambda ends: ends[0] != ends[1]).map(lambda ends: Relation(*ends, "depends on")),
    min_size=1,
    max_size=40,
)


def overlap(one: Box, other: Box) -> bool:
    return abs(one.x - other.x) < BOX_WIDTH and abs(one.y - other.y) < BOX_HEIGHT


@given(RELATIONS)
@settings(max_examples=60, deadline=None)
def test_every_entity_has_a_place_of_its_own_inside_the_drawing(relations: set[Relation]) -> None:
    drawing = draw(relations)

    assert {box.ref for box in drawing.boxes} == {end for each in relations for end in (each.source, each.target)}
    assert {line.relation for line in drawing.lines} == relations
    assert not any(overlap(one, other) for one in drawing.boxes for other in drawing.boxes if one is not other)
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - BOX_WIDTH
        assert 0 <= box.y <= drawing.height - BOX_HEIGHT
    assert draw(relations) == drawing


def test_what_needs_something_stands_left_of_it() -> None:
    a, b, c = (EntityRef.of("component", name) for name in "abc")

    boxes = {box.ref: box for box in draw({Relation(a, b, "x"), Relation(b, c, "x"), Relation(a, c, "x")}).boxes}

    assert boxes[a].x < boxes[b].x < boxes[c].x
