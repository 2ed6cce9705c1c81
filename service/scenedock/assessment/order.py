"""The order in which several applications are migrated: by dependencies, then by risk, then by size.

What others need moves after those that need it: from the cluster, a Pod still reaches a machine by its old name, while
what has moved gets a new address that all others must learn. Applications that need each other move together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from scenedock.assessment.assess import Assessment
from scenedock.structs import dataclass

_INSIDE: Final = re.compile(
    r"(?i)[\w-]+(?:\.[\w-]+)*\.(?:internal|local|lan|corp|intra|intranet|localdomain|home|private|svc|home\.arpa)|[\w-]+"
)
"""Hosts of a company's own network; one of the internet may begin with any word."""


_SHORT: Final = 2


@dataclass(frozen=True, slots=True)
class Need:
    """One application needs another: a line of it names the other's host."""

    application: str
    needs: str
    place: str


@dataclass(frozen=True, slots=True)
class Shared:
    """A host that several applications name, with a place in each."""

    host: str
    places: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """Applications that are migrated together, mostly one, and why now."""

    applications: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """The steps, the first in front; what is known of the applications' dependencies on each other."""

    steps: tuple[Step, ...]
    needs: tuple[Need, ...]
    shared: tuple[Shared, ...]


def order(assessments: Sequence[Assessment]) -> Order:
    """The order of some applications."""
    by_name = {each.name: each for each in assessments}
    needs = _needs(assessments)
    groups = _groups(by_name, needs)
    steps: list[Step] = []
    done: set[str] = set()
    while groups:
        free = [group for group in groups if not _waits_for(group, needs, done)]
        group = min(free, key=lambda names: [_risk(by_name[name]) for name in names])
        groups.remove(group)
        steps.append(Step(tuple(group), tuple(_reasons(group, by_name, needs))))
        done.update(group)
    return Order(tuple(steps), tuple(needs), tuple(_shared(assessments)))


def _needs(assessments: Sequence[Assessment]) -> list[Need]:
    names = _by_folder(assessments)
    found: dict[tuple[str, str], Need] = {}
    for each in assessments:
        hosts = {**each.mentions, **{claim.service.host: claim.place for claim in each.claims if claim.service}}
        for host, place in sorted(hosts.items()):
            if not _INSIDE.fullmatch(host):
                continue
            other = names.get(host.partition(".")[0].lower())
            if other and other != each.name:
                found.setdefault((each.name, other), Need(each.name, other, place))
    return [found[key] for key in sorted(found)]


def _by_folder(assessments: Sequence[Assessment]) -> dict[str, str]:
    """The applications by the last folder of their names: a host has only that. One that several have doesn't count."""
    folders = Counter(each.name.rpartition("/")[2].lower() for each in assessments)
    named = {each.name.rpartition("/")[2].lower(): each.name for each in assessments}
    return {folder: name for folder, name in named.items() if folders[folder] == 1 and len(folder) > _SHORT}


def _groups(names: Mapping[str, Assessment], needs: Sequence[Need]) -> list[list[str]]:
    """The applications, those that need each other (through others, too) together."""
    reaches = {name: {need.needs for need in needs if need.application == name} for name in names}
    for middle in names:
        for start in names:
            if middle in reaches[start]:
                reaches[start] |= reaches[middle]
    groups: list[list[str]] = []
    for name in sorted(names):
        if not any(name in group for group in groups):
            groups.append(
                [name, *(other for other in sorted(reaches[name]) if other > name and name in reaches[other])]
            )
    return groups


def _waits_for(group: Sequence[str], needs: Sequence[Need], done: set[str]) -> bool:
    """Whether something that needs one of a group has not moved yet."""
    return any(need.needs in group and need.application not in group and need.application not in done for need in needs)


def _risk(assessment: Assessment) -> tuple[int, int, int, str]:
    return len(assessment.rules("blocker")), len(assessment.rules("work")), assessment.lines, assessment.name


def _reasons(group: Sequence[str], by_name: Mapping[str, Assessment], needs: Sequence[Need]) -> list[str]:
    reasons = []
    for name in group:
        blockers, work, lines, _ = _risk(by_name[name])
        said = f"{blockers} kinds of blockers, {work} of work, {lines:,} lines of code"
        reasons.append(f"{name}: {said}" if len(group) > 1 else said)
    before = [need for need in needs if need.needs in group and need.application not in group]
    reasons += [
        f"after {need.application}, which needs {need.needs} ({need.application}:{need.place})" for need in before
    ]
    if len(group) > 1:
        inside = [need for need in needs if need.needs in group and need.application in group]
        reasons += [
            f"together: {need.application} needs {need.needs} ({need.application}:{need.place})" for need in inside
        ]
    if not before and len(by_name) > 1 and len(group) == 1:
        reasons.append("no line of the others names its host")
    return reasons


def _shared(assessments: Sequence[Assessment]) -> list[Shared]:
    places: dict[str, dict[str, str]] = {}
    for each in assessments:
        for claim in each.claims:
            if claim.service and claim.service.host and claim.rule in _ELSEWHERE:
                places.setdefault(claim.service.host, {}).setdefault(each.name, claim.place)
    return [Shared(host, where) for host, where in sorted(places.items()) if len(where) > 1]


_ELSEWHERE: Final = frozenset({"service-address", "host-in-configuration", "host-in-code"})
"""The rules whose claims name a host that is another machine."""
