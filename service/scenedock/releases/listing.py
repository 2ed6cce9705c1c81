"""The releases of all services together: what they share, what they inherit, and who is behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from scenedock.model.finding import Place
from scenedock.releases.history import VersionHistory, versions_between
from scenedock.releases.images import Image
from scenedock.releases.release import Choose, Deployed, PairKey, Release, release_of
from scenedock.releases.semver import SemVer, Step

_NONE: Mapping[PairKey, VersionHistory] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Behind:
    """The environment of the same service that is furthest, and its version.

    `step` is the first part in which the versions differ. `versions` is how many that environment has had since; None
    where no history tells.
    """

    environment: str
    version: str
    step: Step
    versions: int | None = None


def common_prefixes(deployed: Sequence[Deployed], images: Sequence[Sequence[Image]]) -> dict[str, str]:
    """The registry and owner that most images of each repository have, by its name."""
    return {
        name: _prefix([found for each, found in zip(deployed, images, strict=True) if each.repository == name])
        for name in {each.repository for each in deployed}
    }


def list_releases(
    deployed: Sequence[Deployed], images: Sequence[Sequence[Image]], prefixes: Mapping[str, str], choose: Choose
) -> tuple[Release, ...]:
    """A release for each service and environment, in their order, with the images and the prefixes of each."""
    users: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for each in deployed:
        for path in each.files:
            users[each.repository, path].add(each.environment)
    releases = [
        _with_inheritance(release_of(each, found, prefixes[each.repository], choose), each, users)
        for each, found in zip(deployed, images, strict=True)
    ]
    sharing: dict[Place, list[str]] = defaultdict(list)
    for release in releases:
        if release.version is not None:
            sharing[release.place].append(release.pair)
    return tuple(
        replace(release, shared_with=tuple(pair for pair in pairs if pair != release.pair))
        for release in releases
        for pairs in [sharing.get(release.place, [])]
    )


def behind(releases: Iterable[Release], histories: Mapping[PairKey, VersionHistory] = _NONE) -> dict[str, Behind]:
    """The pairs of one or more services that have an older version than another environment, by `service/environment`.

    Only semantic versions are compared: of others nobody can tell which is older. `histories` say how many are between.
    """
    versions: dict[str, list[tuple[SemVer, Release]]] = defaultdict(list)
    for release in releases:
        if release.version is not None and release.environment and (version := SemVer.parse(release.version)):
            versions[release.service].append((version, release))
    found: dict[str, Behind] = {}
    for pairs in versions.values():
        furthest, at = max(pairs, key=lambda pair: pair[0])
        history = histories.get(at.key)
        for version, release in pairs:
            if version < furthest:
                between = versions_between(history, release.version or "") if history else None
                step = version.step_to(furthest)
                found[release.pair] = Behind(at.environment or "", at.version or "", step, between)
    return found


def _with_inheritance(release: Release, deployed: Deployed, users: dict[tuple[str, str], set[str | None]]) -> Release:
    """Whether the file serves other environments, or is a base beneath the files of this one."""
    if release.version is None:
        return release
    serves_others = len(users[release.repository, release.path]) > 1
    is_base = bool(deployed.own_files) and release.path not in deployed.own_files and not release.elsewhere
    return replace(release, inherited=serves_others or is_base)


def _prefix(images: Iterable[Sequence[Image]]) -> str:
    """The registry and owner that most images have; one that many deployments have beside their own counts once."""
    repositories = {image.repository: image.prefix for each in images for image in each if image.prefix}
    counts = Counter(repositories.values())
    return min(counts, key=lambda prefix: (-counts[prefix], prefix), default="")
