"""How the versions of one service differ between its environments: who is behind, by how much, and what shouldn't be.

Only versions that have an order are compared: semantic versions, and numbered builds (`v737`, `build-12`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from scenedock.releases.release import Release
from scenedock.releases.tags import SemVer
from scenedock.releases.vocabulary import Unit
from scenedock.structs import dataclass

_UNITS: Final[tuple[Unit, ...]] = ("major", "minor", "build", "patch", "prerelease")

State: TypeAlias = Literal["same", "behind", "ahead", "split", "other", "unknown"]
"""How a version stands to those of the service's other environments: `ahead` is one that no environment before it has,
`split` one that should be the same as others', and isn't (of two with an order the older), `other` one that differs in
no order."""

# Seven digits may be an abbreviated commit, eight a date.
_NUMBERED = re.compile(r"([A-Za-z_-]*)(0|[1-9]\d{0,5})", re.ASCII)
_TIME = r"(?:19|20)\d{6}(?:\d{4}(?:\d\d)?)?|1\d{9}"
_COMMIT = re.compile(rf"(?:(?<=[-._+])|^)(?!(?:{_TIME})(?![^-._+]))g?[0-9a-f]{{7,40}}(?![^-._+])", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)


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
    """A service in one environment: its releases, one for each repository that has it, and how the first stands.

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


@lru_cache(maxsize=16_384)  # of each service the same pairs are compared again and again
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


def is_older(version: str, than: str) -> bool:
    """Whether a version is older than another one; False also if they have no order.

    Besides those with a gap, versions with the same words and other numbers have an order: dates, numbers of builds
    before a commit, two or four numbers. Commits and digests in them don't count.

    >>> is_older("2024-09-01", "2024-10-01"), is_older("main-119-0e5f1ac", "main-120-9ab01cd"), is_older("1.9", "1.10")
    (True, True, True)
    >>> is_older("main", "9.4.2"), is_older("main-9ab01cd", "main-a3f1c22"), is_older("release-1.4.2", "release-1.4.1")
    (False, False, False)
    """
    older, newer = (each.partition("@")[0] for each in (version, than))
    if gap_between(older, newer) or gap_between(newer, older):
        return gap_between(older, newer) is not None
    (words, numbers), (other_words, others) = _words_and_numbers(older), _words_and_numbers(newer)
    return ":" not in words and words == other_words and numbers < others


def _words_and_numbers(version: str) -> tuple[str, tuple[int, ...]]:
    """A version with `#` for each number and `*` for a commit, and its numbers."""
    without = _COMMIT.sub("*", version)
    return _DIGITS.sub("#", without), tuple(map(int, _DIGITS.findall(without)))


def has_order(version: str) -> bool:
    """Whether it can be older than another: it is a semantic version, or a numbered build."""
    return _read(version) is not None


def gap_of(older: Release, newer: Release) -> Gap | None:
    """How far the version of one release is behind that of another: an image's has no order with a chart's."""
    if older.version is None or newer.version is None or older.chart != newer.chart:
        return None
    return gap_between(older.version, newer.version)


def others_of(release: Release, of_service: Iterable[Release]) -> dict[str, Release]:
    """With which releases of its service one is compared, by environment: those of other environments.

    Of several repositories that have an environment its own counts, else the first; what is unknown doesn't count.
    """
    found: dict[str, Release] = {}
    for each in of_service:
        if each.environment and each.environment != release.environment:
            is_own = each.repository == release.repository
            found[each.environment] = each if is_own else found.get(each.environment, each)
    return {name: each for name, each in found.items() if each.version is not None}


def furthest_of(release: Release, others: Mapping[str, Release]) -> tuple[Gap, str] | None:
    """How far a release is behind the environment with the newest version, and its name; None if it isn't behind."""
    furthest: tuple[Gap, str] | None = None
    for name, other in others.items():
        gap = gap_of(release, other)
        if gap and (furthest is None or gap_of(others[furthest[1]], other)):
            furthest = gap, name
    return furthest


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


@dataclass(frozen=True, slots=True)
class Lag:
    """How many services of an environment are behind another one, and the one that is furthest behind."""

    where: str
    behind: str
    number: int
    of: int
    worst: str
    gap: Gap


def lags_of(rows: Sequence[Row], environments: Sequence[str]) -> tuple[Lag, ...]:
    """For each environment, who is behind the one in which versions come first; those where nobody is are left out."""
    found = []
    for number, where in enumerate(environments):
        for behind in environments[:number]:
            if gaps := gaps_of(rows, where, behind):
                worst = min(gaps, key=lambda name: gaps[name].sort_key)
                both = sum(where in row.cells and behind in row.cells for row in rows)
                found.append(Lag(where, behind, len(gaps), both, worst, gaps[worst]))
                break
    return tuple(found)


def gaps_of(rows: Iterable[Row], where: str, behind: str) -> dict[str, Gap]:
    """How far each service is behind in one environment, compared with another; those that aren't are left out."""
    found: dict[str, Gap] = {}
    for row in rows:
        here, there = row.cells.get(where), row.cells.get(behind)
        other = others_of(here.release, there.releases).get(behind) if here and there else None
        if here and other and (gap := gap_of(here.release, other)):
            found[row.service] = gap
    return found


def _cell(
    environment: str | None,
    row: Mapping[str | None, Sequence[Release]],
    releases: Sequence[Release],
    stages: Mapping[str, int],
    equal: Mapping[str, Collection[str]],
) -> Cell:
    here, release = tuple(releases), releases[0]
    if release.version is None:
        return Cell(here, "unknown")
    known = others_of(release, (each for there in row.values() for each in there))
    others = {name: each for name, each in known.items() if not _is_same(release, each)}
    if not environment or not others:
        return Cell(here, "same")
    twins = {name: others[name] for name in sorted(equal.get(environment, ())) if name in others}
    if older := furthest_of(release, twins):
        return Cell(here, "split", *older)
    if odd := next((name for name, twin in twins.items() if gap_of(twin, release) is None), ""):
        return Cell(here, "split", None, odd)
    if behind := furthest_of(release, others):
        return Cell(here, "behind", *behind)
    stage = stages.get(environment, 0)
    earlier = [name for name in known if name in stages and stages[name] < stage]
    if not earlier or any(name not in others for name in earlier):
        return Cell(here, "same")
    nearest = max(earlier, key=lambda name: (stages[name], name))
    gap = gap_of(others[nearest], release)
    return Cell(here, "ahead" if gap else "other", gap, nearest)


def _is_same(one: Release, other: Release) -> bool:
    return (one.version, one.chart) == (other.version, other.chart)


def _between(older: SemVer, newer: SemVer) -> Gap | None:
    units: tuple[Unit, ...] = ("major", "minor", "patch")
    for unit, before, after in zip(units, older.core, newer.core, strict=True):
        if before != after:
            return Gap(unit, after - before) if before < after else None
    return Gap("prerelease", 1) if older < newer else None


@lru_cache(maxsize=16_384)
def _read(tag: str) -> SemVer | tuple[str, int] | None:
    if version := SemVer.parse(tag):
        return version
    numbered = _NUMBERED.fullmatch(tag)
    return (numbered[1], int(numbered[2])) if numbered else None
