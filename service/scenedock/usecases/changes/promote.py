"""Promote versions from one environment to another, or set a given version."""

from __future__ import annotations

from collections.abc import Sequence

from scenedock.changes.planned import Lifted, Planned, Refusal
from scenedock.changes.steps import is_version
from scenedock.changes.text import Verb
from scenedock.errors import InputError
from scenedock.releases.release import Release
from scenedock.structs import dataclass, replace
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.plan import Wanted, plan


@dataclass(frozen=True, slots=True)
class Promotion:
    """What to promote to an environment: services, all as one set, in the version of a `source`, or a given one.

    `repository` is needed where several repositories deploy a service there. `environment` is None where nothing names
    the environment of a service.
    """

    services: Sequence[str]
    environment: str | None
    source: str | None = None
    version: str | None = None
    repository: str | None = None


def promote(ground: Ground, promotion: Promotion, lifted: Lifted, verb: Verb = "Promote") -> Planned:
    """The plan of a promotion.

    Raises
    ------
    NotFoundError   there is no such service, or it isn't deployed there
    InputError      not exactly one of `source` and `version` is given, it is not a version, or a repository must be
                    named
    """
    if (promotion.source is None) == (promotion.version is None):
        raise InputError(
            "give either the environment that has the version (`--from`, `fromEnvironment`), or the version itself"
        )
    if promotion.version is not None and not is_version(promotion.version):
        raise InputError(
            f"{promotion.version!r} is not a version: no image can have this tag, and no chart this version"
        )
    if promotion.source is not None and promotion.source == promotion.environment:
        raise InputError(f"a version can't be promoted from {promotion.source} to itself")
    wanted: list[Wanted] = []
    refusals: list[Refusal] = []
    for service in dict.fromkeys(promotion.services):
        release = one_of(ground, service, promotion.environment, promotion.repository)
        found = _wanted(ground, release, promotion)
        if isinstance(found, Refusal):
            refusals.append(found)
        else:
            wanted.append(found)
    planned = plan(ground, wanted, lifted, verb)
    return replace(planned, refusals=(*refusals, *planned.refusals))


def one_of(ground: Ground, service: str, environment: str | None, repository: str | None) -> Release:
    """The release of a service in an environment, of a repository if several have it.

    Raises
    ------
    NotFoundError   there is none
    InputError      several repositories have it, and none is named
    """
    found = ground.find(service, environment)
    if repository is not None:
        found = tuple(each for each in found if each.repository == repository)
    if len(found) != 1:
        names = ", ".join(each.repository for each in ground.find(service, environment))
        where = f" in {environment}" if environment else ""
        raise InputError(f"{service}{where} is deployed by {names}; name one of these repositories")
    return found[0]


def unknown(release: Release) -> Refusal:
    """Why a version that isn't known isn't changed."""
    message = f"the version of {release.pair} isn't known: {release.reason}"
    return Refusal("unknown-version", release.pair, message, release.place, "Set it by hand.")


def _wanted(ground: Ground, release: Release, promotion: Promotion) -> Wanted | Refusal:
    if release.version is None:
        return unknown(release)
    if promotion.version is not None:
        return Wanted(release, promotion.version)
    there = ground.find(release.service, promotion.source)
    source = next((each for each in there if each.repository == release.repository), there[0])
    remedy = "Give the version instead."
    if source.version is None:
        message = f"the version of {source.pair} isn't known: {source.reason}"
        return Refusal("unknown-source", release.pair, message, source.place, remedy)
    if source.chart != release.chart:
        what = [f"the chart {each.chart}" if each.chart else f"the image {each.image}" for each in (source, release)]
        message = (
            f"{source.pair} has the version of {what[0]} ({source.place}), "
            f"{release.pair} that of {what[1]} ({release.place})"
        )
        return Refusal("unknown-source", release.pair, message, source.place, remedy)
    return Wanted(release, source.version)
