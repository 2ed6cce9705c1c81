"""How often services are deployed to production, and how long that takes. Source: DORA, "Software delivery metrics".

Both as git tells it: a deployment is a new version in the files of an environment of production, and the lead time for
changes is that of a version from the first environment that has it, not from the commit in the service's own code.
What the first commit of a repository brings isn't deployed by it: there history begins. Nor is the same tag with
another digest a new version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median

from scenedock.releases.history import VersionHistory
from scenedock.releases.tags import without_pin
from scenedock.structs import dataclass

_DAYS_OF_WEEK = 7
_SECONDS_OF_HOUR = 3600


@dataclass(frozen=True, slots=True)
class DeliveryMetrics:
    """The metrics of an owner or a service (`name`).

    `lead_time` is the median in hours, of `measured` deployments: those of versions that another environment had first.
    It is None where there are none.
    """

    name: str
    deployments: int
    per_week: float
    lead_time: float | None
    measured: int


def measure(
    histories: Iterable[VersionHistory],
    production: Collection[str],
    names: Mapping[str, str],
    days: int,
    since: str,
) -> tuple[DeliveryMetrics, ...]:
    """The metrics of `days` from a date (ISO 8601) on, by the name that `names` gives to each service."""
    by_service: dict[str, list[VersionHistory]] = defaultdict(list)
    for each in histories:
        by_service[each.service].append(each)
    counts: dict[str, int] = {}
    hours: dict[str, list[float]] = defaultdict(list)
    for service, found in by_service.items():
        there = [each for each in found if each.environment in production]
        before = _first_times(each for each in found if each.environment not in production)
        dates = [(version, date) for each in there for version, date in _arrivals(each) if date >= since]
        name = names[service]
        if there:
            counts[name] = counts.get(name, 0) + len(dates)
        hours[name] += _lead_times(dates, before)
    return tuple(
        DeliveryMetrics(
            name,
            counts[name],
            round(counts[name] * _DAYS_OF_WEEK / days, 2),
            round(median(hours[name]), 1) if hours[name] else None,
            len(hours[name]),
        )
        for name in sorted(counts)
    )


def _arrivals(history: VersionHistory) -> Iterator[tuple[str, str]]:
    """Each version with the date on which it came, without what was there when the history began."""
    for each in history.versions:
        if each.version is not None and each.commit is not None and not each.is_first:
            yield without_pin(each.version), each.commit.date


def _first_times(histories: Iterable[VersionHistory]) -> dict[str, str]:
    """The date on which each version came to any of some environments."""
    found: dict[str, str] = {}
    for version, date in (arrival for each in histories for arrival in _arrivals(each)):
        found[version] = min(date, found.get(version, date))
    return found


def _lead_times(arrivals: Sequence[tuple[str, str]], first: Mapping[str, str]) -> list[float]:
    """Hours from the first environment to the first arrival in production; a roll-back is no second one."""
    firsts: dict[str, str] = {}
    for version, date in arrivals:
        firsts[version] = min(date, firsts.get(version, date))
    return [
        (datetime.fromisoformat(date) - datetime.fromisoformat(first[version])).total_seconds() / _SECONDS_OF_HOUR
        for version, date in firsts.items()
        if version in first and first[version] <= date
    ]
