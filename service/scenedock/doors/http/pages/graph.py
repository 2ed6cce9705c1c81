"""The graph: what a service needs and what needs it, with their neighbours."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from scenedock.doors.http.rendering.page import PAGE, page
from scenedock.doors.http.rendering.relations import Relations, relations_of
from scenedock.doors.http.routes import Route
from scenedock.errors import InputError, NotFoundError
from scenedock.model.entity import EntityRef
from scenedock.runtime.service import Service
from scenedock.structs import dataclass

_MOST_WITHOUT_A_FOCUS: Final = 40
"""With more relations the whole graph is unreadable, so one entity must be chosen."""
_MOST_DRAWN: Final = 150
_MOST_LISTED: Final = 24


@dataclass(frozen=True, slots=True)
class Hub:
    """An entity with many relations, with which somebody may begin to look."""

    ref: EntityRef
    needs: int
    needed_by: int


def show_graph(service: Service) -> Response:
    """Show what an entity needs and what needs it, as a drawing and as lists."""
    from scenedock.doors.http.rendering.graph_layout import BOX_HEIGHT, BOX_WIDTH, draw

    shown = service.overview.current()
    relations = relations_of(shown.overview)
    focus = _focus(request.args.get("of", ""), relations)
    depth = 2 if request.args.get("depth") == "2" else 1
    everything = {each for group in relations.by_source.values() for each in group}
    chosen = relations.near(focus, depth) if focus else everything
    is_readable = len(chosen) <= (_MOST_DRAWN if focus else _MOST_WITHOUT_A_FOCUS)
    return page(
        "graph.html",
        shown=shown,
        relations=relations,
        focus=focus,
        depth=depth,
        drawing=draw(chosen) if chosen and is_readable else None,
        number=len(chosen),
        is_readable=is_readable,
        box=(BOX_WIDTH, BOX_HEIGHT),
        hubs=_hubs(relations),
        refs=sorted({*relations.by_source, *relations.by_target}),
    )


def _focus(text: str, relations: Relations) -> EntityRef | None:
    if not text.strip():
        return None
    try:
        ref = EntityRef.parse(text.strip(), default_kind="component")
    except ValueError as error:
        raise InputError(str(error)) from None
    known = {*relations.by_source, *relations.by_target, *relations.services}
    if ref not in known:
        ref = next((each for each in sorted(known) if each.name == ref.name), ref)
    if ref not in known:
        raise NotFoundError(f"there is no entity {text!r} in the catalog; start with the whole graph")
    return ref


def _hubs(relations: Relations) -> list[Hub]:
    """The entities with the most relations."""
    hubs = [
        Hub(ref, len(relations.by_source.get(ref, ())), len(relations.by_target.get(ref, ())))
        for ref in {*relations.by_source, *relations.by_target}
    ]
    return sorted(hubs, key=lambda hub: (-hub.needs - hub.needed_by, hub.ref))[:_MOST_LISTED]


ROUTES: Final = (Route("GET", "/graph", "page", show_graph, PAGE),)
