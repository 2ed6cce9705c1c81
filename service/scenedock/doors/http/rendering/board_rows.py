"""The rows of the board as HTML: rendered and compressed when they are shown first, and kept as long as they fit."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from textwrap import shorten
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from scenedock.doors.http.rendering.page import address, days_since
from scenedock.doors.http.rendering.prepared import Prepared
from scenedock.doors.http.rendering.service_lines import lines_of, services_of
from scenedock.model.locks import locks_of
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    from scenedock.releases.drift import Cell, Gap, Row, State
    from scenedock.releases.history import VersionHistory
    from scenedock.releases.release import Release
    from scenedock.usecases.changes.open_changes import OpenChanges
    from scenedock.usecases.releases.overview import Overview

NOWHERE: Final = "(none)"
"""The column of what names no environment, and its name in addresses."""
_MOST_BYTES: Final = 8 << 20
"""Of all rows that are kept, as they are and compressed: about 30 pages of 500 services in three environments."""
_CLASSES: Final[Mapping[State, Markup]] = {
    "same": Markup(""),
    "behind": Markup(" class=b"),
    "ahead": Markup(" class=a"),
    "split": Markup(" class=s"),
    "other": Markup(" class=o"),
    "unknown": Markup(" class=u"),
}
_ROW: Final = Markup('<tr><th scope=row><a href="{}">{}</a><small>{}</small>{}{}</tr>\n')
_GAP: Final = Markup("<td class=b><i>{}</i>")
_NO_CELL: Final = Markup("<td>")
_ARGOCD: Final = Markup("<a class=g href={}>Argo CD</a>")
_PULL: Final = Markup("<a class=p href='{}' title='{}'>{}</a>")
_UNASKED: Final = Markup("<small title='Open changes are unknown: {}'>changes?</small>")
_LAST_GOOD: Final = Markup("<small class=l title='{}'>last good</small>")
_LOCK: Final = Markup("<small class=l title='{}'>locked</small>")
_LONG: Final = 20
"""A longer version is cut where it is shown, and whole in its title."""
_SECONDS_OF_A_DAY: Final = 86_400
_SECONDS_OF_A_MINUTE: Final = 60
_LONGEST_REASON: Final = 120
"""The page of the service has the whole reason."""


def board_rows(overview: Overview, changes: OpenChanges, *, has_argocd: bool, may_promote: bool) -> BoardRows:
    """The rows of an overview as they are now, with the open pull requests of a time."""
    minute = int(time.time() // _SECONDS_OF_A_MINUTE) if overview.locks else 0
    return _rows_of(overview, changes, int(time.time() // _SECONDS_OF_A_DAY), minute, has_argocd, may_promote)


@lru_cache(maxsize=1)
def _rows_of(
    overview: Overview,
    changes: OpenChanges,
    _day: int,
    _minute: int,
    has_argocd: bool,  # noqa: FBT001 - the cache knows arguments by their places
    may_promote: bool,  # noqa: FBT001
) -> BoardRows:
    """The rows with the ages that they have on a day, and the locks of a minute; those of another time are let go."""
    return BoardRows(overview, changes, datetime.now(UTC), has_argocd, may_promote)


@dataclass(slots=True, eq=False)
class BoardRows:
    """Rows of an overview as HTML at a time. They are thousands, so each cell has few bytes (no end tags)."""

    overview: Overview
    changes: OpenChanges
    now: datetime
    has_argocd: bool
    may_promote: bool
    _kept: OrderedDict[object, Prepared] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def shown(self, rows: Sequence[Row], columns: tuple[str, ...], gaps: Mapping[str, Gap] | None) -> Prepared:
        """Some rows with the cells of these columns; and how far each is behind, where somebody asked."""
        said = None if gaps is None else tuple(str(gaps[row.service]) for row in rows)
        key = tuple(row.service for row in rows), columns, said
        with self._lock:
            if found := self._kept.get(key):
                self._kept.move_to_end(key)
                return found
        made = Prepared.of("".join(self._row(row, columns, gaps) for row in rows))
        with self._lock:
            self._kept[key] = made
            while sum(each.bytes for each in self._kept.values()) > _MOST_BYTES:
                self._kept.popitem(last=False)
        return made

    def _row(self, row: Row, columns: tuple[str, ...], gaps: Mapping[str, Gap] | None) -> Markup:
        name = row.service
        cells = {environment or NOWHERE: cell for environment, cell in row.cells.items()}
        html = Markup("").join(self._cell(name, each, cells[each]) if each in cells else _NO_CELL for each in columns)
        gap = _GAP.format(gaps[name]) if gaps is not None else ""
        return _ROW.format(address("/services", name), name, lines_of(self.overview)[name].owner, gap, html)

    def _cell(self, service: str, environment: str, cell: Cell) -> Markup:
        html = _version(service, environment, cell, self.overview.deployments.histories.get(cell.release.key))
        if self.has_argocd and environment in services_of(self.overview)[service].applications:
            html += _ARGOCD.format(address("/at", service, environment, "argocd"))
        if self.may_promote and environment != NOWHERE and cell.state == "behind":
            html += promote_link(service, environment, cell.against)
        return html + Markup("").join(map(self._notes, cell.releases))

    def _notes(self, release: Release) -> Markup:
        """The open pull requests of a release, its lock, and whether it is of the last good state of its repository."""
        changes, edited = self.changes, release.elsewhere
        pulls = changes.of(release.key, edited) if changes.by_repository else ()
        found = Markup("").join(_PULL.format(pull.url, pull.title, pull.name) for pull in pulls)
        if (why := changes.unknown.get(edited or release.key[0])) is not None:
            found += _UNASKED.format(why)
        locks = self.overview.locks.get(release.repository, ())
        here = locks_of(locks, release.service, release.environment, self.now) if locks else ()
        if state := self.overview.deployments.last_good.get(release.repository):
            found += _LAST_GOOD.format(shorten(state.why, _LONGEST_REASON, placeholder=" …"))
        return found + (_LOCK.format(here[0]) if here else Markup(""))


def promote_link(service: str, environment: str, source: str) -> Markup:
    """A link to the form that promotes a version, filled in."""
    to = address("/actions", "promote-deployment", services=service, fromEnvironment=source, toEnvironment=environment)
    return Markup("<a class=p href='{}'>promote</a>").format(to)


def _version(service: str, environment: str, cell: Cell, history: VersionHistory | None) -> Markup:
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


def _others(cell: Cell) -> str:
    """How many releases there are beside the first: `+2, 1 unknown`."""
    unknown = sum(each.version is None for each in cell.releases[1:])
    return f"+{len(cell.releases) - 1}" + (f", {unknown} unknown" if unknown else "")
