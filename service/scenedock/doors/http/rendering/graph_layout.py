"""The drawing of a graph: boxes in columns from what needs others to what is needed, and lines between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from scenedock.doors.http.rendering.relations import Relation
from scenedock.model.entity import EntityRef

BOX_WIDTH: Final = 168
BOX_HEIGHT: Final = 40
_COLUMN: Final = 240
_ROW: Final = 56
_MARGIN: Final = 12
_UNITS: Final = 100.0

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
    """Lay out some relations (at least one): what needs something stands left of it, where there is no circle."""
    from fast_sugiyama import from_edges

    ordered = sorted(relations)
    refs = sorted({end for each in ordered for end in (each.source, each.target)})
    numbers = {ref: str(number) for number, ref in enumerate(refs)}
    ranks = _ranks(ordered)
    # The library aborts the process if a graph has a circle that it can't break: it gets none.
    edges: set[tuple[int | str, int | str]] = set()
    for each in ordered:
        first, second = sorted((each.source, each.target), key=lambda ref: ranks[ref])
        edges.add((numbers[first], numbers[second]))
    layouts = from_edges(sorted(edges, key=str), vertex_spacing=_UNITS, dummy_vertices=True, dummy_size=0.5)
    places: dict[int | str, Point] = {}
    bends: dict[tuple[str, str], list[Point]] = {}
    top = 0.0
    # One for each part of the graph that stands alone, in no particular order.
    for positions, width, height, parts in sorted(layouts, key=lambda layout: min(str(node) for node, _ in layout[0])):
        here = {node: (height - y, x + top) for node, (x, y) in positions}
        top += width + _UNITS
        places |= here
        bends |= _bends(here, parts or ())
    scale_x, scale_y = _COLUMN / _UNITS, _ROW / _UNITS
    left, up = min(x for x, _ in places.values()), min(y for _, y in places.values())

    def placed(point: Point) -> Point:
        x, y = point
        return _MARGIN + (x - left) * scale_x, _MARGIN + (y - up) * scale_y

    corners = {ref: placed(places[numbers[ref]]) for ref in refs}
    lines = []
    for each in ordered:
        ends = numbers[each.source], numbers[each.target]
        between = bends.get(ends) or bends.get((ends[1], ends[0]), [])[::-1]
        lines.append(
            Line(each, _path(corners[each.source], [placed(point) for point in between], corners[each.target]))
        )
    boxes = tuple(Box(ref, *(round(value, 1) for value in corners[ref])) for ref in refs)
    most_x, most_y = max(box.x for box in boxes), max(box.y for box in boxes)
    return Drawing(most_x + BOX_WIDTH + _MARGIN, most_y + BOX_HEIGHT + _MARGIN, boxes, tuple(lines))


def _ranks(relations: Iterable[Relation]) -> Mapping[EntityRef, int]:
    """A number for each entity, by which every relation that is in no circle goes from a lower to a higher one."""
    needs: dict[EntityRef, list[EntityRef]] = defaultdict(list)
    for each in relations:
        needs[each.source].append(each.target)
    ranks: dict[EntityRef, int] = {}
    entered: set[EntityRef] = set()
    for start in sorted({*needs, *(target for targets in needs.values() for target in targets)}):
        waiting: list[tuple[EntityRef, bool]] = [(start, False)]
        while waiting:
            ref, is_done = waiting.pop()
            if is_done:
                ranks[ref] = -len(ranks)
            elif ref not in entered:
                entered.add(ref)
                waiting.append((ref, True))
                waiting += [(target, False) for target in reversed(needs[ref])]
    return ranks


def _bends(
    places: Mapping[int | str, Point], parts: Iterable[tuple[int | str, int | str]]
) -> dict[tuple[str, str], list[Point]]:
    """The points at which a line passes a column, by its two ends: the library's own nodes, which have numbers."""
    following: dict[int, int | str] = {}
    begun: list[tuple[str, int]] = []
    for source, target in parts:
        if isinstance(source, int):
            following[source] = target
        elif isinstance(target, int):
            begun.append((source, target))
    found: dict[tuple[str, str], list[Point]] = {}
    for source, first in begun:
        points: list[Point] = []
        at: int | str = first
        while isinstance(at, int):
            points.append(places[at])
            at = following[at]
        found[source, at] = points
    return found


def _path(source: Point, between: list[Point], target: Point) -> str:
    """A smooth line from the right side of one box to the left side of another, through the middle of the columns."""
    middle = BOX_HEIGHT / 2
    points = [(source[0] + BOX_WIDTH, source[1] + middle)]
    for x, y in between:
        points += [(x, y + middle), (x + BOX_WIDTH, y + middle)]
    points.append((target[0], target[1] + middle))
    path = f"M{points[0][0]:.0f} {points[0][1]:.0f}"
    for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        if number % 2:  # across a column
            path += f"L{to_x:.0f} {to_y:.0f}"
        else:
            half = max(abs(to_x - x) / 2, 36)
            path += f"C{x + half:.0f} {y:.0f} {to_x - half:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
    return path
