"""The board as a folder that TechDocs fetches, as of the newest overview."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from scenedock.doors.http.rendering.service_lines import lags_in
from scenedock.releases.board_pages import board_pages
from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from scenedock.usecases.releases.overview import Overview

_ROOT: Final = "board"


@lru_cache(maxsize=1)
def board_tree(overview: Overview, pages: str) -> BakedTree:
    """The files; `pages` is the address of the pages for people, or empty."""
    deployments = overview.deployments
    unread = {name: deployments.last_good.get(name) for name in deployments.problems}
    files = board_pages(overview.rows, overview.environments, lags_in(overview), unread, pages)
    return BakedTree(
        _ROOT,
        tuple(BakedFile(f"{_ROOT}/{path}", content) for path, content in files.items()),
        {_ROOT: None, f"{_ROOT}/docs": None},
    )
