"""Charts from elsewhere, by address, name and exact version."""

from __future__ import annotations

from typing import NamedTuple


class RemoteChart(NamedTuple):
    """A chart of a chart repository; `digest` is the SHA-256 of its archive, in hexadecimal, if known."""

    repository: str
    name: str
    version: str
    digest: str = ""

    def __str__(self) -> str:
        """`redis 17.0.1 from https://charts.example.com`."""
        return f"{self.name} {self.version} from {self.repository}"
