"""The releases of all services together: what they share, what they inherit, and who is behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from scenedock.releases.deployed import Deployed
from scenedock.releases.drift import Gap, furthest_of, others_of
from scenedock.releases.history import VersionHistory, versions_between
from scenedock.releases.images import Image
from scenedock.releases.release import Choose, PairKey, Release
from scenedock.releases.several import release_of
from scenedock.structs import dataclass, replace

_NONE: Mapping[PairKey, VersionHistory] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Behind:
    """The release of the same service that is furthest, in another environment, and how far that is.

    `versions` is how many that environment has had since; None where no history tells.
    """

    release: Release
    gap: Gap
    versions: int | None = None


@dataclass(frozen=True, slots=True)
class ReadState:
    """The state in which a repository was read: its `commit`, empty for a folder, and when (ISO 8601), if known.

    `why` says why it is the last good one and not that of now; it is empty while it is that of now.
    """

    commit: str = ""
    read_at: str = ""
    why: str = ""

    def __str__(self) -> str:
        """`commit 1a2b3c4d5e, read 2026-05-01T12:00:00Z`."""
        commit = f"commit {self.commit[:10]}" if self.commit else ""
        return ", ".join(filter(None, (commit, f"read {self.read_at}" if self.read_at else "")))


NONE_STALE: Final[Mapping[str, ReadState]] = MappingProxyType({})
"""Each repository is as it could be read and fetched the last time."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A release as its own deployment says it, whatever others share with it; `files` and `own_files` are its files."""

    release: Release
    files: frozenset[str]
    own_files: frozenset[str]

    @classmethod
    def of(cls, deployed: Deployed, images: Sequence[Image], prefix: str, choose: Choose) -> Alone:
        """The release of a deployment with these images; `prefix` is that of most images of its repository."""
        return cls(release_of(deployed, images, prefix, choose), deployed.files, deployed.own_files)


def common_prefixes(repositories: Sequence[str], images: Sequence[Sequence[Image]]) -> dict[str, str]:
    """The registry and owner that most images of each repository have, by its name, which is given beside each."""
    by_name: dict[str, list[Sequence[Image]]] = defaultdict(list)
    for name, found in zip(repositories, images, strict=True):
        by_name[name].append(found)
    return {name: _prefix(found) for name, found in by_name.items()}


def join_releases(alone: Sequence[Alone]) -> tuple[Release, ...]:
    """The releases in their order, each with what it shares with others, and whether it inherits its version."""
    users: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for each in alone:
        for path in each.files:
            users[each.release.repository, path].add(each.release.environment)
    releases = tuple(_with_inheritance(each, users) for each in alone)
    sharing: dict[tuple[str, str, int | None], list[Release]] = defaultdict(list)
    for release in releases:
        if release.version is not None:
            sharing[_line_of(release)].append(release)
    pairs = {line: [each.pair for each in sharers] for line, sharers in sharing.items() if len(sharers) > 1}
    return tuple(_sharing(release, pairs.get(_line_of(release), ())) for release in releases) if pairs else releases


def behind(releases: Iterable[Release], histories: Mapping[PairKey, VersionHistory] = _NONE) -> dict[PairKey, Behind]:
    """The releases of one or more services that have an older version than another environment, by their keys.

    `histories` say how many versions are between.
    """
    by_service: dict[str, list[Release]] = defaultdict(list)
    for release in releases:
        by_service[release.service].append(release)
    found: dict[PairKey, Behind] = {}
    for of_service in by_service.values():
        for release in of_service:
            others = others_of(release, of_service) if release.environment and release.version else {}
            if furthest := furthest_of(release, others):
                gap, environment = furthest
                history = histories.get(others[environment].key)
                between = versions_between(history, release.version or "") if history else None
                found[release.key] = Behind(others[environment], gap, between)
    return found


def _line_of(release: Release) -> tuple[str, str, int | None]:
    """The line of a version as `Place` has it: to make one for each release would take longer than all the rest."""
    return release.elsewhere or release.repository, release.path, release.line


def _sharing(release: Release, pairs: Sequence[str]) -> Release:
    others = tuple(pair for pair in pairs if pair != release.pair) if pairs else ()
    return replace(release, shared_with=others) if others else release


def _with_inheritance(alone: Alone, users: dict[tuple[str, str], set[str | None]]) -> Release:
    """Whether the file serves other environments, or is a base beneath the files of this one."""
    release = alone.release
    if release.version is None:
        return release
    serves_others = len(users[release.repository, release.path]) > 1
    is_base = bool(alone.own_files) and release.path not in alone.own_files and not release.elsewhere
    return replace(release, inherited=True) if serves_others or is_base else release


def _prefix(images: Iterable[Sequence[Image]]) -> str:
    """The registry and owner that most images have, empty if two have as many; what many deployments have counts once.

    That is an image that they have beside their own.
    """
    repositories = {image.repository: image.prefix for each in images for image in each if image.prefix}
    first, second = [*Counter(repositories.values()).most_common(2), ("", 0), ("", 0)][:2]
    return first[0] if first[1] > second[1] else ""
