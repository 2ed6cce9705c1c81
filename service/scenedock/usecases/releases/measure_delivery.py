"""Measure how often services are deployed to production, and how long versions take to get there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from scenedock.catalog.vocabulary.environments import is_production
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.model.json import as_text
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.metrics import DeliveryMetrics, measure
from scenedock.releases.vocabulary import By
from scenedock.structs import dataclass, replace
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.releases.follow_versions import Extent, follow, not_before
from scenedock.usecases.releases.survey import survey

_MOST = 100_000
_SECONDS = 120.0
_SECONDS_OF_SERVED = 20.0
"""How long git may look for the commits of one repository: of those that are served, while somebody waits."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The metrics of some days, from a date on (ISO 8601); `incomplete` says where less was searched, and why."""

    days: int
    since: str
    by: By
    metrics: tuple[DeliveryMetrics, ...]
    incomplete: tuple[str, ...] = ()


def measure_delivery(
    result: Export,
    repositories: Mapping[str, Repository],
    days: int,
    by: By,
    now: datetime,
    seconds: float | None = None,
) -> Delivery:
    """The metrics of the last `days`, by the owners of services or by service.

    Commits of twice as many days are looked at: a version may have come to its first environment before.

    Raises
    ------
    InputError   a repository can't be read
    """
    since, until = (
        (now.astimezone(UTC) - timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ") for number in (days, 2 * days)
    )
    all_of = survey(result, repositories)
    extent = Extent(_MOST, until, between=False, authors=False, seconds=seconds or _SECONDS)
    histories = follow(all_of, repositories, all_of.releases, extent)
    owners = {pair.each.service.name: as_text(pair.each.main.spec.get("owner")) for pair in all_of.pairs}
    names = {name: owner if by == "owner" else name for name, owner in owners.items()}
    production = {each.environment for each in all_of.releases if each.environment and is_production(each.environment)}
    reasons = dict.fromkeys(
        f"{each.repository}: {each.incomplete}"
        for each in histories.values()
        if each.incomplete not in {"", not_before(until)}
    )
    return Delivery(days, since, by, measure(histories.values(), production, names, days, since), tuple(reasons))


def measure_served(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, days: int, by: By
) -> Delivery:
    """`measure_delivery` for the service's repositories as they are now, under the names of a `kept` catalog.

    Raises
    ------
    InputError   no repository can be read
    """
    with export_served(repositories, kept) as (result, opened):
        delivery = measure_delivery(result, opened, days, by, datetime.now(UTC), _SECONDS_OF_SERVED)
    missing = tuple(f"{name} can't be read: {problem}" for name, problem in result.read.problems.items())
    return replace(delivery, incomplete=(*missing, *delivery.incomplete))
