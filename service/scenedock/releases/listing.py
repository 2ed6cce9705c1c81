"""The releases of all services together: what they share, what they inherit, and who is behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scenedock.releases.images import Image
from scenedock.releases.release import Choose, Deployed, Release, release_of
from scenedock.releases.semver import SemVer


@dataclass(frozen=True, slots=True)
class Behind:
    """The environment of the same service that is furthest, and its version."""

    environment: str
    version: str


def list_releases(deployed: Sequence[Deployed], choose: Choose) -> tuple[Release, ...]:
    """A release for each service and environment, in their order."""
    images = [each.images() for each in deployed]
    prefixes = {
        name: _prefix([found for each, found in zip(deployed, images, strict=True) if each.repository == name])
        for name in {each.repository for each in deployed}
    }
    users: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for each in deployed:
        for path in _files(each):
            users[each.repository, path].add(each.environment)
    releases = [
        _with_inheritance(release_of(each, found, prefixes[each.repository], choose), each, users)
        for each, found in zip(deployed, images, strict=True)
    ]
    sharing: dict[tuple[str, str, int | None], list[str]] = defaultdict(list)
    for release in releases:
        if release.version is not None:
            sharing[release.repository, release.path, release.line].append(release.pair)
    return tuple(
        replace(release, shared_with=tuple(pair for pair in pairs if pair != release.pair))
        for release in releases
        for pairs in [sharing.get((release.repository, release.path, release.line), [])]
    )


def behind(releases: Iterable[Release]) -> dict[str, Behind]:
    """The pairs of one or more services that have an older version than another environment, by `service/environment`.

    Only semantic versions are compared: of others nobody can tell which is older.
    """
    versions: dict[str, list[tuple[SemVer, Release]]] = defaultdict(list)
    for release in releases:
        if release.version is not None and release.environment and (version := SemVer.parse(release.version)):
            versions[release.service].append((version, release))
    found: dict[str, Behind] = {}
    for pairs in versions.values():
        furthest, at = max(pairs, key=lambda pair: pair[0])
        for version, release in pairs:
            if version < furthest:
                found[release.pair] = Behind(at.environment or "", at.version or "")
    return found


def _with_inheritance(release: Release, deployed: Deployed, users: dict[tuple[str, str], set[str | None]]) -> Release:
    """Whether the file serves other environments, or is a base beneath the files of this one."""
    if release.version is None:
        return release
    serves_others = len(users[release.repository, release.path]) > 1
    is_base = bool(deployed.own_files) and release.path not in deployed.own_files
    return replace(release, inherited=serves_others or is_base)


def _files(deployed: Deployed) -> set[str]:
    paths = {layer.path for layer in deployed.layers}
    paths |= {deployed.chart.path} if deployed.chart else set()
    return paths | ({deployed.tag_file.path} if deployed.tag_file else set())


def _prefix(images: Iterable[Sequence[Image]]) -> str:
    """The registry and owner that most images have; one that many deployments have beside their own counts once."""
    repositories = {image.repository: image.prefix for each in images for image in each if image.prefix}
    counts = Counter(repositories.values())
    return min(counts, key=lambda prefix: (-counts[prefix], prefix), default="")
