"""The catalog as an installation keeps it: texts that whoever stores them needn't read."""

from __future__ import annotations

import hashlib
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

    @property
    def digest(self) -> str:
        """What tells its texts from all others."""
        digest = hashlib.sha256()
        for text in (self.head, self.feed, self.memory):
            digest.update(text.encode())
        return digest.hexdigest()
