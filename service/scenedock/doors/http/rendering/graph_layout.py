"""The drawing of a graph: boxes in columns from what needs others to what is needed, and lines between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final, TypeAlias

from scenedock.doors.http.rendering.relations import Relation
from scenedock.model.entity import EntityRef
from scenedock.structs import dataclass

BOX_WIDTH: Final = 168
BOX_HEIGHT: Final = 40
_COLUMN: Final = 240
_ROW: Final = 56
_MARGIN: Final = 12

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """An entity at a place: its upper left corner."""

    ref: EntityRef
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A relation, as the `d` of an SVG path."""

    relation: Relation
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole graph in pixels."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(relations: Iterable[Relation]) -> Drawing:
    """Lay out some relations (at least one): what needs something stands left of it, where there is no circle.

    A line that passes columns has a place of its own in each. The library orders the places within the columns.
    """
    from fast_sugiyama import from_edges

    ordered = sorted(relations)
    columns = _columns(ordered)
    numbers = {ref: number for number, ref in enumerate(sorted(columns))}
    chains: dict[tuple[EntityRef, EntityRef], list[int]] = {}
    following = len(numbers)
    for each in ordered:
        first, last = sorted((each.source, each.target), key=lambda ref: columns[ref])
        if (first, last) not in chains:
            passed = columns[last] - columns[first] - 1
            chains[first, last] = [numbers[first], *range(following, following + passed), numbers[last]]
            following += passed
    edges = sorted({pair for chain in chains.values() for pair in pairwise(chain)})
    layouts = from_edges(edges, vertex_spacing=1.0, dummy_vertices=False)
    places: dict[int | str, float] = {}
    rows = 0.0
    # One for each part of the graph that stands alone, in no particular order.
    for positions, width, _height, _edges in sorted(
        layouts, key=lambda layout: min(int(node) for node, _ in layout[0])
    ):
        left = min(x for _, (x, _) in positions)
        places |= {node: x - left + rows for node, (x, _) in positions}
        rows += width + 1

    def corner(column: int, node: int) -> Point:
        return _MARGIN + column * _COLUMN, round(_MARGIN + places[node] * _ROW, 1)

    boxes = tuple(Box(ref, *corner(columns[ref], number)) for ref, number in numbers.items())
    lines = []
    for each in ordered:
        first, last = sorted((each.source, each.target), key=lambda ref: columns[ref])
        points = [corner(columns[first] + step, node) for step, node in enumerate(chains[first, last])]
        lines.append(Line(each, _path(points if each.source == first else points[::-1])))
    most_x, most_y = max(box.x for box in boxes), max(box.y for box in boxes)
    return Drawing(most_x + BOX_WIDTH + _MARGIN, most_y + BOX_HEIGHT + _MARGIN, boxes, tuple(lines))


def _columns(relations: Iterable[Relation]) -> Mapping[EntityRef, int]:
    """The column of each entity: behind all that need it, as near as that allows; circles are broken somewhere."""
    needs: dict[EntityRef, list[EntityRef]] = defaultdict(list)
    for each in relations:
        needs[each.source].append(each.target)
    order = _order(needs)
    place = {ref: number for number, ref in enumerate(order)}
    columns = dict.fromkeys(order, 0)
    forward: dict[EntityRef, list[EntityRef]] = {ref: [] for ref in order}
    has_needers: set[EntityRef] = set()
    for ref in order:
        for target in needs.get(ref, ()):
            first, last = sorted((ref, target), key=lambda each: place[each])
            forward[first].append(last)
            has_needers.add(last)
    for ref in order:
        for last in forward[ref]:
            columns[last] = max(columns[last], columns[ref] + 1)
    for ref in order:
        if ref not in has_needers:
            columns[ref] = min(columns[last] for last in forward[ref]) - 1
    return columns


def _order(needs: Mapping[EntityRef, list[EntityRef]]) -> list[EntityRef]:
    """All entities, each before those that it needs, except in circles."""
    done: list[EntityRef] = []
    entered: set[EntityRef] = set()
    for start in sorted({*needs, *(target for targets in needs.values() for target in targets)}):
        waiting: list[tuple[EntityRef, bool]] = [(start, False)]
        while waiting:
            ref, is_done = waiting.pop()
            if is_done:
                done.append(ref)
            elif ref not in entered:
                entered.add(ref)
                waiting.append((ref, True))
                waiting += [(target, False) for target in reversed(needs.get(ref, ()))]
    return done[::-1]


def _path(corners: list[Point]) -> str:
    """A smooth line between two boxes through the places that it has in the columns between them."""
    middle = BOX_HEIGHT / 2
    (x, y), *between, (to_x, to_y) = [(x, y + middle) for x, y in corners]
    to_right = to_x > x
    points = [(x + BOX_WIDTH if to_right else x, y)]
    for at_x, at_y in between:
        sides = [(at_x, at_y), (at_x + BOX_WIDTH, at_y)]
        points += sides if to_right else sides[::-1]
    points.append((to_x if to_right else to_x + BOX_WIDTH, to_y))
    path = f"M{points[0][0]:.0f} {points[0][1]:.0f}"
    for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        if number % 2:  # across a column
            path += f"L{to_x:.0f} {to_y:.0f}"
        else:
            half = (to_x - x) / 2
            path += f"C{x + half:.0f} {y:.0f} {to_x - half:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
    return path
