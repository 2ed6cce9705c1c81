"""Findings: what to fix, grouped by what is wrong, each with a link to its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from scenedock.doors.http.rendering.links import link_to
from scenedock.doors.http.rendering.page import PAGE, page
from scenedock.doors.http.routes import Route
from scenedock.model.finding import SEVERITIES, Finding, Severity
from scenedock.runtime.service import Service
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
    served = service.feed.current()
    text, severity = request.args.get("q", "").lower(), request.args.get("severity", "")
    repository = request.args.get("repository", "")
    found = [
        each
        for each in served.feed.findings
        if severity in {"", each.severity}
        and repository in {"", each.place.repository}
        and all(word in f"{each.code} {each.message} {each.place}".lower() for word in text.split())
    ]
    overview = service.overview.at_hand()
    return page(
        "findings.html",
        groups=groups_of(found, overview.overview if overview else None, _MOST_IN_A_GROUP),
        number=len(found),
        total=len(served.feed.findings),
        severities=SEVERITIES,
        repositories=sorted({each.place.repository for each in served.feed.findings if each.place.repository}),
        severity=severity,
        repository=repository,
        text=request.args.get("q", ""),
        checked=service.feed.repositories.all_seen(),
    )


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
