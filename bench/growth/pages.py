"""What answers of a warm service cost by the number of services, in milliseconds of its CPU."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.board import sent, serving, write_repository

_ENVIRONMENTS: Final = 3
_PAGES: Final = {
    "the first page of the board": "/board",
    "a search on the board": "/board?q=service-01",
    "the first page of services": "/services",
}
_REQUESTS: Final = 200
"""The clock of a process ticks each 10 ms: so many pages show a twentieth of one."""
_FEED: Final = "/api/scenedock/catalog"


def of_services(folder: Path, services: int) -> Mapping[str, float]:
    """The costs of the pages that people open most, and of the whole feed, as Backstage reads it."""
    root = write_repository(folder / "apps", services, _ENVIRONMENTS)
    with serving(root, folder) as (server, asked):
        costs = {name: sent(server, asked, page, _REQUESTS).milliseconds for name, page in _PAGES.items()}
        asked.request("GET", f"{_FEED}/catalog-info.yaml")
        files = re.findall(r'target: "\./(\S+)"', asked.getresponse().read().decode())
        feed = sum(sent(server, asked, f"{_FEED}/{name}", 5).milliseconds for name in files)
        return {**costs, "all files of the feed": feed}
