"""The repositories: how old what is served of each is, what went wrong, and what is kept although it isn't there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from flask import Response

from scenedock.doors.http.pages.findings import all_findings
from scenedock.doors.http.rendering.links import commit_url
from scenedock.doors.http.rendering.page import PAGE, page
from scenedock.doors.http.rendering.service_lines import lines_of
from scenedock.doors.http.routes import Route
from scenedock.effects.git.clones import RepositoryClone
from scenedock.model.finding import Reason
from scenedock.runtime.service import Service
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.usecases.releases.overview import Overview


@dataclass(frozen=True, slots=True)
class RepositoryLine:
    """A repository. `revision` is a commit, empty for a folder; `seen` is in seconds since the epoch, 0 if never.

    `problem` says why it could not be fetched or read the last time, `kept` why some of its entities stay.
    """

    name: str
    url: str
    revision: str
    revision_url: str
    seen: float
    problem: str
    kept: Sequence[Reason]
    services: int
    releases: int
    unknown: int
    findings: int


def list_repositories(service: Service) -> Response:
    """List the repositories: revision, age, errors, what is kept, and how much of what is deployed is represented."""
    served = service.feed.at_hand()
    shown = service.overview.at_hand()
    overview = shown.overview if shown else None
    reasons = served.feed.reasons if served else ()
    found = Counter(each.place.repository for each in all_findings(served.feed.findings if served else (), overview))
    return page(
        "repositories.html",
        repositories=[_line(service, name, overview, reasons, found) for name in service.feed.repositories.by_name],
        gone=[each for each in reasons if each.repository not in service.feed.repositories.by_name],
        problem=service.feed.problem,
        coverage=served.feed.coverage if served else (),
        seconds=service.settings.refresh_seconds,
    )


def _line(
    service: Service, name: str, overview: Overview | None, reasons: Sequence[Reason], findings: Counter[str]
) -> RepositoryLine:
    watched = service.feed.repositories
    facts = overview.repositories.get(name) if overview else None
    is_clone = isinstance(watched.by_name[name], RepositoryClone)
    revision = watched.same.get(name, ("", 0.0))[0] if is_clone else ""
    numbers = _numbers(overview) if overview else _Numbers(Counter(), Counter(), Counter())
    unreadable = overview.deployments.problems.get(name, "") if overview else ""
    return RepositoryLine(
        name=name,
        url=facts.url if facts else "",
        revision=revision,
        revision_url=commit_url(facts, revision) if facts and revision else "",
        seen=watched.seen.get(name, 0.0),
        problem=watched.stale.get(name, "") or unreadable,
        kept=[each for each in reasons if each.repository == name],
        services=numbers.services[name],
        releases=numbers.releases[name],
        unknown=numbers.unknown[name],
        findings=findings[name],
    )


@dataclass(frozen=True, slots=True)
class _Numbers:
    """How many services, releases, and releases without a version each repository has."""

    services: Counter[str]
    releases: Counter[str]
    unknown: Counter[str]


@lru_cache(maxsize=1)
def _numbers(overview: Overview) -> _Numbers:
    return _Numbers(
        Counter(name for line in lines_of(overview).values() for name in line.repositories),
        Counter(each.repository for each in overview.deployments.releases),
        Counter(each.repository for each in overview.deployments.unknown),
    )


ROUTES: Final = (Route("GET", "/repositories", "page", list_repositories, PAGE),)
