"""The board: which version git has for each service and environment, and who is behind, ahead or different."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from textwrap import shorten
from typing import TYPE_CHECKING, Final

from flask import Response, request
from markupsafe import Markup

from scenedock.doors.http.rendering.links import argocd_url, line_url
from scenedock.doors.http.rendering.page import PAGE, address, days_since, page
from scenedock.doors.http.rendering.paging import part_of
from scenedock.doors.http.rendering.service_lines import (
    FACETS,
    Filter,
    lags_in,
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

if TYPE_CHECKING:
    from scenedock.releases.drift import Cell, Gap, State
    from scenedock.releases.history import VersionHistory
    from scenedock.releases.release import Release
    from scenedock.usecases.changes.open_changes import OpenChanges
    from scenedock.usecases.releases.overview import Overview

NOWHERE: Final = "(none)"
"""The column of what names no environment, and its name in addresses."""
_ON_A_PAGE: Final = 500
"""Rows: so long a table is searched and filtered rather than read."""
_CLASSES: Final[Mapping[State, Markup]] = {
    "same": Markup(""),
    "behind": Markup(" class=b"),
    "ahead": Markup(" class=a"),
    "split": Markup(" class=s"),
    "other": Markup(" class=o"),
    "unknown": Markup(" class=u"),
}
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


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A row on the board: what stands before its cells, the cells as HTML, and how far it is behind, where asked."""

    service: str
    owner: str
    cells: Markup
    gap: Gap | None = None


def show_board(service: Service) -> Response:
    """Show the board: services and environments, with versions and how they differ."""
    from scenedock.releases.drift import gaps_of

    shown = service.overview.current()
    overview, query = shown.overview, request.args
    looked_for = Filter.of(query)
    lines = lines_of(overview)
    rows = [row for row in overview.rows if row.service in lines]
    if not looked_for.is_empty:
        rows = [row for row in rows if looked_for.matches(lines[row.service])]
    state = query.get("drift", "")
    if state:
        rows = [row for row in rows if any(_is_in(cell, state) for cell in row.cells.values())]
    columns = [
        each for each in _columns(overview) if not (only := looked_for.facets["environment"]) or each.name in only
    ]
    behind, where = query.get("behind", ""), query.get("in", "") or next(reversed(overview.environments), "")
    gaps = gaps_of(rows, where, behind) if behind else {}
    if behind:
        rows = sorted((row for row in rows if row.service in gaps), key=lambda row: gaps[row.service].sort_key)
    part = part_of(rows, query.get("page", "1"), _ON_A_PAGE)
    html = _cells_of_rows(
        overview,
        int(time.time() // _SECONDS_OF_A_DAY),
        has_argocd=bool(service.settings.argocd_url),
        may_promote=not service.effects.code_hosts.is_empty,
    )
    open_changes = service.open_changes.at_hand()
    more = _notes_of_cells(overview, open_changes, int(time.time() // _SECONDS_OF_A_MINUTE))
    names = tuple(each.name for each in columns)
    board = [
        BoardLine(
            row.service,
            lines[row.service].owner,
            Markup("").join(
                html[row.service].get(name, _NO_CELL) + more.get((row.service, name), "") for name in names
            ),
            gaps.get(row.service),
        )
        for row in part.items
    ]
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
        board=board,
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


_NO_CELL: Final = Markup("<td>")
_ARGOCD: Final = Markup("<a class=g href={}>Argo CD</a>")
_LONG: Final = 20
"""A longer version is cut where it is shown, and whole in its title."""
_SECONDS_OF_A_DAY: Final = 86_400
_SECONDS_OF_A_MINUTE: Final = 60
_LONGEST_REASON: Final = 120
"""The page of the service has the whole reason."""


@lru_cache(maxsize=1)
def _cells_of_rows(
    overview: Overview, _day: int, *, has_argocd: bool, may_promote: bool
) -> Mapping[str, Mapping[str, Markup]]:
    """The cells of each service as HTML, by environment, with the ages that they have on a day.

    They are thousands, so each has few bytes (no end tags).
    """
    applications = {each.name: each.applications for each in overview.services} if has_argocd else {}
    cells: dict[str, dict[str, Markup]] = {}
    for row in overview.rows:
        cells[row.service] = here = {}
        for environment, cell in row.cells.items():
            name = environment or NOWHERE
            here[name] = _cell(row.service, name, cell, overview.deployments.histories.get(cell.release.key))
            if name in applications.get(row.service, ()):
                here[name] += _ARGOCD.format(address("/at", row.service, name, "argocd"))
            if may_promote and environment and cell.state == "behind":
                here[name] += promote_link(row.service, environment, cell.against)
    return cells


def _cell(service: str, environment: str, cell: Cell, history: VersionHistory | None) -> Markup:
    release, to = cell.release, address("/at", service, environment)
    more = Markup("<small>{}</small>").format(_others(cell)) if len(cell.releases) > 1 else ""
    if release.version is None:
        reason = shorten(release.reason, _LONGEST_REASON, placeholder=" …")
        return Markup("<td class=u title='{}'><a href={}>unknown</a>").format(reason, to) + more
    note = Markup("<i>{}</i>").format(cell.gap or cell.against) if cell.state != "same" else ""
    whole = Markup(" title='{}'").format(release.version) if len(release.version) > _LONG else ""
    newest = history.newest if history else None
    age = Markup("<small>{}</small>").format(days_since(newest.commit.date)) if newest and newest.commit else ""
    start = Markup("<td{}><a href={}{}>{}</a>").format(_CLASSES[cell.state], to, whole, release.version)
    return start + more + age + note


def promote_link(service: str, environment: str, source: str) -> Markup:
    """A link to the form that promotes a version, filled in."""
    to = address("/actions", "promote-deployment", services=service, fromEnvironment=source, toEnvironment=environment)
    return Markup("<a class=p href='{}'>promote</a>").format(to)


@lru_cache(maxsize=1)
def _notes_of_cells(overview: Overview, changes: OpenChanges, minute: int) -> Mapping[tuple[str, str], Markup]:
    """What cells say besides in a minute, by service and environment: the open pull requests and the lock."""
    now = datetime.fromtimestamp(minute * _SECONDS_OF_A_MINUTE, UTC)
    notes: dict[tuple[str, str], Markup] = {}
    is_quiet = not changes.by_repository and not changes.unknown and not overview.locks
    for row in () if is_quiet else overview.rows:
        for environment, cell in row.cells.items():
            found = Markup("").join(_notes_of(overview, each, changes, now) for each in cell.releases)
            if found:
                notes[row.service, environment or NOWHERE] = found
    return notes


def _notes_of(overview: Overview, release: Release, changes: OpenChanges, now: datetime) -> Markup:
    from scenedock.model.locks import locks_of

    found = Markup("").join(
        _PULL.format(pull.url, pull.title, pull.name) for pull in changes.of(release.key, release.elsewhere)
    )
    if (why := changes.unknown.get(release.elsewhere or release.key[0])) is not None:
        found += _UNASKED.format(why)
    locks = locks_of(overview.locks.get(release.repository, ()), release.service, release.environment, now)
    return found + (_LOCK.format(locks[0]) if locks else Markup(""))


_PULL: Final = Markup("<a class=p href='{}' title='{}'>{}</a>")
_UNASKED: Final = Markup("<small title='Open changes are unknown: {}'>changes?</small>")
_LOCK: Final = Markup("<small class=l title='{}'>locked</small>")


def _others(cell: Cell) -> str:
    """How many releases there are beside the first: `+2, 1 unknown`."""
    unknown = sum(each.version is None for each in cell.releases[1:])
    return f"+{len(cell.releases) - 1}" + (f", {unknown} unknown" if unknown else "")


ROUTES: Final = (
    Route("GET", "/board", "page", show_board, PAGE),
    Route("GET", "/at/{name}/{environment}", "page", go_to_line, {302: Answer("To the line")}),
    Route("GET", "/at/{name}/{environment}/argocd", "page", go_to_argocd, {302: Answer("To the Application")}),
)
