"""The catalog as an installation keeps it: texts that whoever stores them needn't read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeptCatalog:
    """The last good catalog: `head` says what was refused and accepted, `feed` is what is served, `memory` the rest.

    `version` is what the store calls this state of it; empty for one that isn't stored. Each text is one line.
    """

    head: str
    feed: str
    memory: str
    version: str = ""
