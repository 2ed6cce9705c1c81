"""Findings: what to fix, grouped by what is wrong, each with a link to its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from flask import Response, request

from scenedock.doors.http.rendering.links import link_to
from scenedock.doors.http.rendering.page import PAGE, page
from scenedock.doors.http.routes import Route
from scenedock.model.finding import SEVERITIES, Finding, Severity
from scenedock.runtime.feed.overview import ShownOverview
from scenedock.runtime.service import Service
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.usecases.releases.overview import Overview

_MOST_IN_A_GROUP: Final = 50


@dataclass(frozen=True, slots=True)
class LinkedFinding:
    """A finding, and the page of its line; `url` is empty where no address is known."""

    finding: Finding
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one severity and code: how many there are, and the first of them."""

    severity: Severity
    code: str
    number: int
    shown: Sequence[LinkedFinding]

    @property
    def title(self) -> str:
        """What is wrong: `No owner`."""
        return self.code.replace("-", " ").capitalize()


def show_findings(service: Service) -> Response:
    """Show the findings: what to fix in the repositories, and where."""
    served, shown = service.feed.current(), service.overview.at_hand()
    overview = shown.overview if shown else None
    findings = all_findings(served.feed.findings, overview)
    text, severity = request.args.get("q", "").lower(), request.args.get("severity", "")
    repository = request.args.get("repository", "")
    found = [
        each
        for each in findings
        if severity in {"", each.severity}
        and repository in {"", each.place.repository}
        and all(word in f"{each.code} {each.message} {each.place}".lower() for word in text.split())
    ]
    return page(
        "findings.html",
        groups=groups_of(found, overview, _MOST_IN_A_GROUP),
        number=len(found),
        total=len(findings),
        severities=SEVERITIES,
        repositories=sorted({each.place.repository for each in findings if each.place.repository}),
        severity=severity,
        repository=repository,
        text=request.args.get("q", ""),
        checked=service.feed.repositories.all_seen(),
        problem=why_incomplete(service, shown),
    )


def all_findings(of_catalog: Sequence[Finding], overview: Overview | None) -> list[Finding]:
    """The findings of the catalog, and what is found in versions, each once; the most severe first."""
    found = [*of_catalog, *(_in_versions(overview) if overview else ())]
    return sorted(found, key=lambda each: SEVERITIES.index(each.severity))


@lru_cache(maxsize=1)
def _in_versions(overview: Overview) -> Sequence[Finding]:
    return each_once(each for of_release in overview.deployments.findings.values() for each in of_release)


def each_once(findings: Iterable[Finding]) -> Sequence[Finding]:
    """The findings, the first of those that say the same: one about several deployments is at the line of each."""
    found: dict[tuple[str, str], Finding] = {}
    for each in findings:
        found.setdefault((each.code, each.message), each)
    return tuple(found.values())


def why_incomplete(service: Service, shown: ShownOverview | None) -> str:
    """What a page lacks that has versions as far as they are at hand; empty if it has the newest."""
    if shown:
        return shown.problem
    reading = "versions are still being read: what is found in them, and who is behind, is missing here; reload soon"
    return service.overview.problem or reading


def groups_of(findings: Sequence[Finding], overview: Overview | None, most: int) -> list[Group]:
    """The findings in groups, in their order (the most severe first); of each group at most so many."""
    groups: dict[tuple[Severity, str], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.severity, each.code), []).append(each)
    return [
        Group(
            severity,
            code,
            len(members),
            [LinkedFinding(each, link_to(overview, each.place)) for each in members[:most]],
        )
        for (severity, code), members in sorted(groups.items(), key=lambda each: SEVERITIES.index(each[0][0]))
    ]


ROUTES: Final = (Route("GET", "/findings", "page", show_findings, PAGE),)
