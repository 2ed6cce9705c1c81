"""The board as documentation (Markdown for MkDocs): which version is where, and who is behind.

The same rows give the same bytes: neither a time nor an age is in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import quote

from scenedock.releases.drift import Cell, Lag, Row
from scenedock.releases.listing import ReadState

_MKDOCS: Final = "site_name: Deployments\nnav:\n  - Deployments: index.md\nplugins:\n  - techdocs-core\n"
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+.!|~-])")
_PLAIN: Final = re.compile(r"[\w.@:+/-]+", re.ASCII)
_SIGNS: Final = {"behind": "↓ {}", "ahead": "↑ {}", "split": "≠ {}", "other": "≠ {}"}


Unread: TypeAlias = Mapping[str, ReadState | None]
"""The repositories that can't be read or fetched, with the last good state that rows are of, if there is one."""


def board_pages(
    rows: Sequence[Row], environments: Sequence[str], lags: Iterable[Lag], unread: Unread, pages: str
) -> Mapping[str, bytes]:
    """The files by path; `pages` is the service's address or empty."""
    text = "\n".join(_lines(rows, environments, lags, unread, pages))
    return {"docs/index.md": text.encode(), "mkdocs.yml": _MKDOCS.encode()}


def _lines(
    rows: Sequence[Row], environments: Sequence[str], lags: Iterable[Lag], unread: Unread, pages: str
) -> Iterable[str]:
    yield "# Deployments\n"
    yield "Which version git has for each service and environment. Whether it runs, only the cluster knows.\n"
    if pages:
        yield f"[The board]({pages}/board) has filters and links to the lines that set the versions.\n"
    if missing := ", ".join(_text(name) for name, state in unread.items() if state is None):
        yield f"Missing here, because it can't be read: {missing}.\n"
    for name, state in unread.items():
        if state is not None:
            said = f" ({_text(str(state))})" if str(state) else ""
            yield f"**Not as it is now**, but in its last good state{said}: {_text(name)}, which can't be read.\n"
    behind = [
        f"- **{_text(each.where)}**: {each.number} of {each.of} services are behind {_text(each.behind)}; the furthest "
        f"is {_service(each.worst, pages)}, by {each.gap}"
        for each in lags
    ]
    if behind:
        yield "## Who is behind\n"
        yield from behind
        yield ""
    yield "## Versions\n"
    if not rows:
        yield "The repositories deploy nothing that Scenedock knows of.\n"
        return
    columns: list[str | None] = [*environments]
    if any(None in row.cells for row in rows):
        columns.append(None)
    yield f"| Service | {' | '.join(_text(each or '(none)') for each in columns)} |"
    yield f"|{' --- |' * (len(columns) + 1)}"
    for row in rows:
        cells = (_cell(row.cells.get(each), unread) for each in columns)
        yield f"| {_service(row.service, pages)} | {' | '.join(cells)} |"
    yield ""


def _cell(cell: Cell | None, unread: Unread) -> str:
    if cell is None:
        return ""
    if cell.release.version is None:
        return "*unknown*"
    old = " *last good*" if any(unread.get(each.repository) for each in cell.releases) else ""
    more = f" +{len(cell.releases) - 1}" if len(cell.releases) > 1 else ""
    sign = _SIGNS[cell.state].format(_text(str(cell.gap or cell.against))) if cell.state in _SIGNS else ""
    return f"{_code(cell.release.version)}{more} {sign}".strip() + old


def _service(name: str, pages: str) -> str:
    return f"[{_text(name)}]({pages}/services/{quote(name, safe='')})" if pages else _text(name)


def _code(text: str) -> str:
    """A version: as code, unless it has signs that would end that or the cell."""
    return f"`{text}`" if _PLAIN.fullmatch(text) else _text(text)


def _text(text: str) -> str:
    """Text of a repository, in which nothing is Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))
