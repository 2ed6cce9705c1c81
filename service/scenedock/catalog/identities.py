"""Which service a folder is, and what its path says besides: environment and tenant.

The folder is the identity, never the chart's name (those repeat, or are placeholders). Folders of one service in
several environments (`apps/billing/01-dev`, `dev/billing`, `billing-dev` beside `billing-production`) are one service.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scenedock.catalog.environments import EnvironmentNames

# Folders that only hold others: they say nothing about what is in them.
CONTAINERS = frozenset(
    """app apps application applications argocd chart charts cluster clusters component components deploy deployment
    deployments env environment environments envs gitops helm helm-charts k8s kubernetes manifests namespaces project
    projects release releases service services stack stacks workload workloads""".split()
)


@dataclass(frozen=True, slots=True)
class FolderPath:
    """A folder of a repository, the latter by its place in the list of repositories."""

    repository: int
    path: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The service that a folder belongs to: `name` is as people wrote it, not yet made fit for Backstage."""

    name: str
    environment: str | None = None
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A folder's path without what names an environment."""

    segments: tuple[str, ...]
    environment: str | None
    in_environment_folder: bool


def identify(
    folders: Sequence[FolderPath], names: Sequence[EnvironmentNames], repositories: Sequence[str]
) -> Mapping[FolderPath, Identity]:
    """The service of each folder. `names` and `repositories` (their names) are by a repository's place in the list.

    Different services that would get one name are told apart by their parent folders, where those differ.
    """
    readings = {folder: _read(folder, names[folder.repository], repositories) for folder in folders}
    readings = _split_suffixes(readings, names)
    chosen = _distinct_names({reading.segments for reading in readings.values()}, _per_repository(readings))
    return {
        folder: Identity(chosen[reading.segments], reading.environment, _tenant(reading))
        for folder, reading in readings.items()
    }


def _read(folder: FolderPath, names: EnvironmentNames, repositories: Sequence[str]) -> _Reading:
    """The path without segments that are environments; a path that is nothing else stays whole."""
    segments = tuple(folder.path.split("/")) if folder.path else (repositories[folder.repository],)
    kept = tuple(segment for segment in segments if names.named(segment) is None)
    found = [environment for segment in segments if (environment := names.named(segment))]
    if not found or not kept or kept[-1] in CONTAINERS:
        # `apps/test/Chart.yaml` is a service called test: nothing else names it.
        return _Reading(segments, None, in_environment_folder=False)
    return _Reading(kept, found[-1], in_environment_folder=names.named(segments[-1]) is not None)


def _split_suffixes(
    readings: Mapping[FolderPath, _Reading], names: Sequence[EnvironmentNames]
) -> dict[FolderPath, _Reading]:
    """`billing-dev` and `billing-production` are one service; a lone `load-test` is a service of that name."""
    endings: dict[tuple[str, ...], set[str]] = defaultdict(set)
    splits: dict[FolderPath, tuple[tuple[str, ...], str]] = {}
    whole = {reading.segments for reading in readings.values()}
    for folder, reading in readings.items():
        split = names[folder.repository].split(reading.segments[-1])
        if split and reading.environment is None:
            stem = (*reading.segments[:-1], split[0])
            splits[folder] = stem, split[1]
            endings[stem].add(split[1])
    result = dict(readings)
    for folder, (stem, environment) in splits.items():
        if len(endings[stem]) > 1 or stem in whole:
            result[folder] = replace(readings[folder], segments=stem, environment=environment)
    return result


def _per_repository(readings: Mapping[FolderPath, _Reading]) -> Iterable[set[tuple[str, ...]]]:
    found: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for folder, reading in readings.items():
        found[folder.repository].add(reading.segments)
    return found.values()


def _distinct_names(
    services: set[tuple[str, ...]], per_repository: Iterable[set[tuple[str, ...]]]
) -> dict[tuple[str, ...], str]:
    """The last segment of each path; with its parent in front where one repository has that name twice."""
    crowded: set[str] = set()
    for mine in per_repository:
        seen: set[str] = set()
        for segments in mine:
            name = segments[-1].lower()
            (crowded if name in seen else seen).add(name)
    return {
        segments: "-".join(segments[-2:]) if segments[-1].lower() in crowded else segments[-1] for segments in services
    }


def _tenant(reading: _Reading) -> str:
    """`tenant` of `tenant/app/01-dev`; folders that only hold others are no tenants."""
    if not reading.in_environment_folder or len(reading.segments) < 2:
        return ""
    parent = reading.segments[-2]
    return "" if parent.lower() in CONTAINERS else parent
