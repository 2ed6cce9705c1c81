"""The board: which version git has for each service and environment, and who is behind, ahead or different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from flask import Response, request

from scenedock.doors.http.rendering.board_rows import NOWHERE, board_rows
from scenedock.doors.http.rendering.links import argocd_url, line_url
from scenedock.doors.http.rendering.page import PAGE, address, page
from scenedock.doors.http.rendering.paging import part_of
from scenedock.doors.http.rendering.service_lines import (
    FACETS,
    Filter,
    lags_in,
    line_index,
    lines_of,
    rows_of,
    services_of,
    unknown_value,
    unknown_values,
    values_of,
)
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import NotFoundError
from scenedock.runtime.service import Service
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.releases.drift import Cell, Gap, Row, State
    from scenedock.usecases.releases.overview import Overview

_ON_A_PAGE: Final = 500
"""Rows: so long a table is searched and filtered rather than read."""
_MOST_GAPS: Final = 16
"""Pairs of environments that somebody has compared."""
_STATES: Final[Mapping[State, str]] = {
    "behind": "behind another environment",
    "ahead": "newer than in all earlier environments",
    "split": "differs, though it should be the same",
    "other": "differs, in no order",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class Column:
    """An environment on the board, and how many services it has."""

    name: str
    services: int


def show_board(service: Service) -> Response:
    """Show the board: services and environments, with versions and how they differ."""
    shown = service.overview.current()
    overview, query = shown.overview, request.args
    looked_for, board = Filter.of(query), _board_of(overview)
    state, behind = query.get("drift", ""), query.get("behind", "")
    where = query.get("in", "") or next(reversed(overview.environments), "")
    gaps = board.gaps(where, behind) if behind else None
    rows = board.rows(looked_for, state, gaps)
    columns = [
        each for each in _columns(overview) if not (only := looked_for.facets["environment"]) or each.name in only
    ]
    part = part_of(rows, query.get("page", "1"), _ON_A_PAGE)
    open_changes = service.open_changes.at_hand()
    has_argocd, may_promote = bool(service.settings.argocd_url), not service.effects.code_hosts.is_empty
    html = board_rows(overview, open_changes, has_argocd=has_argocd, may_promote=may_promote)
    facets = _facets(overview)
    environments = [each.name for each in _columns(overview)]
    there = {name: [value for value, _ in found] for name, found in facets.items()}
    asked = [(name, query.get(name, "")) for name in ("drift", "in", "behind")]
    wrong = [*unknown_values(looked_for, {**there, "environment": environments})]
    wrong += [*unknown_value(*asked[0], [*_STATES]), *unknown_value(*asked[1], environments)]
    wrong += unknown_value(*asked[2], environments)
    return page(
        "board.html",
        shown=shown,
        wrong=wrong,
        prepared=html.shown(part.items, tuple(each.name for each in columns), gaps) if part.items else None,
        number=len(rows),
        at=part.at,
        pages=part.pages,
        columns=columns,
        total=len(overview.rows),
        facets=facets,
        chosen=looked_for,
        environments=environments,
        behind=behind,
        where=where,
        states=_STATES,
        state=state,
        lags=lags_in(overview),
        unasked=open_changes.unknown,
        missing=[name for name in service.feed.repositories.by_name if name not in overview.repositories],
    )


class Board:
    """The rows of an overview, and which of them are shown; found once for each question that isn't of words."""

    def __init__(self, overview: Overview) -> None:
        self._overview = overview
        lines = lines_of(overview)
        self._rows = [row for row in overview.rows if row.service in lines]
        self._at = {row.service: number for number, row in enumerate(self._rows)}
        self._gaps: dict[tuple[str, str], Mapping[str, Gap]] = {}
        self._in_state: dict[str, set[str]] = {}

    def gaps(self, where: str, behind: str) -> Mapping[str, Gap]:
        """How far services are behind in an environment, compared with another; the furthest first."""
        from scenedock.releases.drift import gaps_of

        kept = self._gaps.get((where, behind))
        if kept is None:
            found = gaps_of(self._rows, where, behind)
            kept = dict(sorted(found.items(), key=lambda each: each[1].sort_key))
            if len(self._gaps) >= _MOST_GAPS:
                self._gaps.clear()
            self._gaps[where, behind] = kept
        return kept

    def rows(self, looked_for: Filter, state: str, gaps: Mapping[str, Gap] | None) -> Sequence[Row]:
        """The rows of what is looked for, and of those services that have a state and a gap, if any are given."""
        names: set[str] | None = None if looked_for.is_empty else line_index(self._overview).matching(looked_for)
        if state:
            names = self._having(state) if names is None else names & self._having(state)
        if gaps is not None:
            return [self._rows[self._at[name]] for name in gaps if names is None or name in names]
        if names is None:
            return self._rows
        return [self._rows[at] for at in sorted(self._at[name] for name in names if name in self._at)]

    def _having(self, state: str) -> set[str]:
        if state not in self._in_state and state in _STATES:
            self._in_state[state] = {
                row.service for row in self._rows if any(_is_in(cell, state) for cell in row.cells.values())
            }
        return self._in_state.get(state, set())


def _is_in(cell: Cell, state: str) -> bool:
    """Whether a cell has a state; unknown it is also where any of its releases is."""
    return cell.state == state or (state == "unknown" and any(each.version is None for each in cell.releases))


def go_to_line(service: Service, name: str, environment: str) -> Response:
    """Go to the line that sets the version of a service in an environment, at the code host."""
    overview = service.overview.current().overview
    row = rows_of(overview).get(name)
    cell = row.cells.get(None if environment == NOWHERE else environment) if row else None
    if cell is None:
        raise NotFoundError(f"there is no deployment of {name!r} in {environment!r}")
    release = cell.release
    facts = overview.repositories.get(release.place.repository)
    url = line_url(facts, release.path, release.line) if facts and release.path and release.version else ""
    return _away(url, name)


def go_to_argocd(service: Service, name: str, environment: str) -> Response:
    """Go to the Application of a service in an environment, in Argo CD."""
    overview = service.overview.current().overview
    served = services_of(overview).get(name)
    if served is None:
        raise NotFoundError(f"there is no service {name!r}")
    return _away(argocd_url(service.settings.argocd_url, served.applications.get(environment, "")), name)


def _away(url: str, name: str) -> Response:
    """To another site, or to the page of the service where nobody knows its address."""
    return Response(status=302, headers={"Location": url or f"{address('/services', name)}#versions"})


@lru_cache(maxsize=1)
def _board_of(overview: Overview) -> Board:
    return Board(overview)


@lru_cache(maxsize=1)
def _facets(overview: Overview) -> Mapping[str, Sequence[tuple[str, int]]]:
    """The values by which the board can be filtered; environments are its columns."""
    lines = lines_of(overview)
    on_board = [lines[row.service] for row in overview.rows if row.service in lines]
    return {name: values_of(on_board, name) for name in FACETS if name != "environment"}


@lru_cache(maxsize=1)
def _columns(overview: Overview) -> Sequence[Column]:
    """The columns, in the order in which versions go to production; what names no environment comes last."""
    names: list[str | None] = [*overview.environments]
    if any(None in row.cells for row in overview.rows):
        names.append(None)
    return [Column(name or NOWHERE, sum(name in row.cells for row in overview.rows)) for name in names]


ROUTES: Final = (
    Route("GET", "/board", "page", show_board, PAGE),
    Route("GET", "/at/{name}/{environment}", "page", go_to_line, {302: Answer("To the line")}),
    Route("GET", "/at/{name}/{environment}/argocd", "page", go_to_argocd, {302: Answer("To the Application")}),
)
