"""The nouns of an explanation."""

from __future__ import annotations

from scenedock.catalog.vocabulary.evidence import Evidence
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Unused:
    """Evidence that was considered and not used, and why."""

    evidence: Evidence
    reason: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the catalog says of a service, such as its `owner`; without a value, what it doesn't say."""

    name: str
    value: str
    used: tuple[Evidence, ...] = ()
    unused: tuple[Unused, ...] = ()
