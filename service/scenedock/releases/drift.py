"""How the versions of one service differ between its environments: who is behind, by how much, and what shouldn't be.

Only versions that have an order are compared: semantic versions, and numbered builds (`v737`, `build-12`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from scenedock.releases.release import Release
from scenedock.releases.semver import SemVer

Unit: TypeAlias = Literal["major", "minor", "build", "patch", "prerelease"]
"""What is counted between two versions, the largest first."""
_UNITS: Final[tuple[Unit, ...]] = ("major", "minor", "build", "patch", "prerelease")

State: TypeAlias = Literal["same", "behind", "ahead", "split", "other", "unknown"]
"""How a version stands to those of the service's other environments: `ahead` is one that no environment before it has,
`split` one that should be the same as others', and isn't, `other` one that differs in no order."""

# Seven digits may be an abbreviated commit, eight a date.
_NUMBERED = re.compile(r"([A-Za-z_-]*)(0|[1-9]\d{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a version is behind another: so many of the largest `unit` in which the two differ."""

    unit: Unit
    number: int

    @property
    def sort_key(self) -> tuple[int, int]:
        """Larger gaps have smaller keys."""
        return _UNITS.index(self.unit), -self.number

    def __str__(self) -> str:
        """`1 minor`, `12 builds`, `a prerelease`."""
        if self.unit == "prerelease":
            return "a prerelease"
        plural = {"patch": "patches"}.get(self.unit, f"{self.unit}s")
        return f"{self.number:,} {self.unit if self.number == 1 else plural}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A service in one environment: its releases (several where several repositories have it), and how they stand.

    `gap` says how far it is behind or ahead of the environment `against`.
    """

    releases: tuple[Release, ...]
    state: State
    gap: Gap | None = None
    against: str = ""

    @property
    def release(self) -> Release:
        """The first of them, which the first repository has."""
        return self.releases[0]


@dataclass(frozen=True, slots=True)
class Row:
    """A service with a cell for each environment that it has; the key None is for what names no environment."""

    service: str
    cells: Mapping[str | None, Cell]


def gap_between(older: str, newer: str) -> Gap | None:
    """How far the one version is behind the other; None if it isn't, or if they have no order.

    >>> str(gap_between("v737", "v749")), str(gap_between("1.2.3", "1.4.0")), gap_between("main", "v2")
    ('12 builds', '2 minors', None)
    """
    first, second = _read(older), _read(newer)
    if isinstance(first, SemVer) and isinstance(second, SemVer):
        return _between(first, second)
    if isinstance(first, tuple) and isinstance(second, tuple) and first[0] == second[0] and first[1] < second[1]:
        return Gap("build", second[1] - first[1])
    return None


def board_of(
    releases: Iterable[Release], stages: Mapping[str, int], equal: Mapping[str, Collection[str]]
) -> tuple[Row, ...]:
    """A row for each service, in their order.

    `stages` says of environments where they stand: versions go from lower numbers to higher ones. `equal` are those
    that should have the same versions as one.
    """
    found: dict[str, dict[str | None, list[Release]]] = defaultdict(lambda: defaultdict(list))
    for each in releases:
        found[each.service][each.environment].append(each)
    return tuple(
        Row(service, {environment: _cell(environment, own, here, stages, equal) for environment, here in own.items()})
        for service, own in found.items()
    )


def _cell(
    environment: str | None,
    row: Mapping[str | None, Sequence[Release]],
    releases: Sequence[Release],
    stages: Mapping[str, int],
    equal: Mapping[str, Collection[str]],
) -> Cell:
    here, version = tuple(releases), releases[0].version
    if version is None:
        return Cell(here, "unknown")
    versions = {name: each[0].version for name, each in row.items() if name and each[0].version}
    others = {name: other for name, other in versions.items() if other != version}
    if not environment or not others:
        return Cell(here, "same")
    behind = _furthest((gap, name) for name, other in others.items() if (gap := gap_between(version, other)))
    twins = sorted(name for name in equal.get(environment, ()) if name in others)
    odd = next((name for name in twins if gap_between(others[name], version) is None), "")
    if odd:
        return Cell(here, "split", *(behind or (None, odd)))
    if behind:
        return Cell(here, "behind", *behind)
    stage = stages.get(environment, 0)
    earlier = [name for name in versions if name in stages and stages[name] < stage]
    if not earlier or any(name not in others for name in earlier):
        return Cell(here, "same")
    nearest = max(earlier, key=lambda name: (stages[name], name))
    gap = gap_between(others[nearest], version)
    return Cell(here, "ahead" if gap else "other", gap, nearest)


def _furthest(gaps: Iterable[tuple[Gap, str]]) -> tuple[Gap, str] | None:
    return min(gaps, key=lambda each: each[0].sort_key, default=None)


def _between(older: SemVer, newer: SemVer) -> Gap | None:
    if not older < newer:
        return None
    units: tuple[Unit, ...] = ("major", "minor", "patch")
    for unit, before, after in zip(units, older.core, newer.core, strict=True):
        if before != after:
            return Gap(unit, after - before)
    return Gap("prerelease", 1)


@lru_cache(maxsize=16_384)
def _read(tag: str) -> SemVer | tuple[str, int] | None:
    if version := SemVer.parse(tag):
        return version
    numbered = _NUMBERED.fullmatch(tag)
    return (numbered[1], int(numbered[2])) if numbered else None
