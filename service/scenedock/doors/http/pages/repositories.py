"""The repositories: how old what is served of each is, what went wrong, and what is kept although it isn't there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response

from scenedock.doors.http.rendering.links import commit_url
from scenedock.doors.http.rendering.page import PAGE, page
from scenedock.doors.http.routes import Route
from scenedock.effects.git.clones import RepositoryClone
from scenedock.model.finding import Finding, Reason
from scenedock.runtime.service import Service
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
    reasons, findings = (served.feed.reasons, served.feed.findings) if served else ((), ())
    return page(
        "repositories.html",
        repositories=[_line(service, name, overview, reasons, findings) for name in service.feed.repositories.by_name],
        gone=[each for each in reasons if each.repository not in service.feed.repositories.by_name],
        problem=service.feed.problem,
        coverage=served.feed.coverage if served else (),
        seconds=service.settings.refresh_seconds,
    )


def _line(
    service: Service, name: str, overview: Overview | None, reasons: Sequence[Reason], findings: Sequence[Finding]
) -> RepositoryLine:
    watched = service.feed.repositories
    facts = overview.repositories.get(name) if overview else None
    is_clone = isinstance(watched.by_name[name], RepositoryClone)
    revision = watched.same.get(name, ("", 0.0))[0] if is_clone else ""
    releases = [each for each in overview.deployments.releases if each.repository == name] if overview else []
    services = [each for each in overview.services if name in dict(each.folders)] if overview else []
    unreadable = overview.deployments.problems.get(name, "") if overview else ""
    return RepositoryLine(
        name=name,
        url=facts.url if facts else "",
        revision=revision,
        revision_url=commit_url(facts, revision) if facts and revision else "",
        seen=watched.seen.get(name, 0.0),
        problem=watched.stale.get(name, "") or unreadable,
        kept=[each for each in reasons if each.repository == name],
        services=len(services),
        releases=len(releases),
        unknown=sum(each.version is None for each in releases),
        findings=sum(each.place.repository == name for each in findings),
    )


ROUTES: Final = (Route("GET", "/repositories", "page", list_repositories, PAGE),)
