"""Services in their environments, and the names that the image of each may have."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.entities import MappedService
from scenedock.catalog.mapping.services import Member
from scenedock.structs import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pair:
    """A service of a repository in one environment: what the catalog knows of it, whatever its files say.

    `names` are those that its own image may have, whatever the environment. `others` are its further deployments in
    the same environment.
    """

    each: MappedService
    member: Member
    deployment: Deployment
    names: frozenset[str]
    others: tuple[Deployment, ...] = ()

    @property
    def repository(self) -> str:
        """The name of the repository."""
        return self.member.contents.facts.name


def pairs_of(each: MappedService, member: Member) -> Iterator[Pair]:
    """A service of a repository in each of its environments; once, without one, where none is known."""
    wanted = set(each.service.environments)
    found: dict[str | None, list[Deployment]] = {}
    names = frozenset(filter(None, _names(each, member)))
    for deployment in member.deployments:
        environment = deployment.environment
        if environment in wanted if wanted else environment is None:
            found.setdefault(environment, []).append(deployment)
    for first, *others in found.values():
        variants = [
            replace(one, unit=unit, application=unit.application or (None if one.unit.application else one.application))
            for one in (first, *others)
            if one.unit
            for unit in one.unit.variants
        ]
        yield Pair(each, member, first, names, (*others, *variants))


def _names(each: MappedService, member: Member) -> Iterator[str]:
    """What the image of the service itself may be called: as the service, its folder, or its source code."""
    yield each.service.name.lower()
    yield each.main.name.lower()
    for folder in member.folders:
        yield folder.path.rpartition("/")[2].lower()
        for address in folder.chart.sources if folder.chart else ():
            yield posixpath.basename(address.rstrip("/").removesuffix(".git")).lower()
