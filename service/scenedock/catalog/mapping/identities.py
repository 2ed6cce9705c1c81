"""Which service a folder is, and what its path says besides: environment and tenant.

The folder is the identity, never the chart's name (those repeat, or are placeholders). Folders of one service in
several environments (`apps/billing/01-dev`, `dev/billing`, `billing-dev` beside `billing-production`) are one service.
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from scenedock.catalog.vocabulary.environments import CONTAINERS, ENVIRONMENT_FOLDERS, EnvironmentNames, without_order
from scenedock.catalog.vocabulary.formats import as_entity_name
from scenedock.structs import dataclass, replace

_Segments: TypeAlias = tuple[str, ...]
"""A path's segments, or the last of them, which make a name."""

LAYERS = frozenset({"base", "common", "overlays"})
"""What Kustomize's folders are called after their place among each other."""

# Folders beside environments that hold what all of those share.
_NO_ENVIRONMENTS = frozenset("base chart common default defaults global lib library shared".split())


@dataclass(frozen=True, slots=True)
class FolderPath:
    """A folder of a repository, the latter by its place in the list of repositories.

    `listed` says that another folder's chart has this one among its dependencies, `runs_in` are the environments in
    which Argo CD or an enabling list says that it runs. `is_layer` says that its name is one that Kustomize's folders
    have (`base`), which says nothing of what is in it.
    """

    repository: int
    path: str
    listed: bool = False
    runs_in: frozenset[str] = frozenset()
    is_layer: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """The service that a folder belongs to: `name` is as people wrote it, not yet a valid name for Backstage.

    `home` is the service's own folder: this one, or the one above where this is just one of its environments. `tenant`
    is the folder of `tenant/app/01-dev` that holds all apps of a tenant, or empty. Folders of one repository are one
    service where `service` is equal: the path without what names an environment. `rival` is the folder of a service
    that was called by the shorter name before this one came, or empty.
    """

    name: str
    service: tuple[str, ...]
    home: str
    environment: str | None = None
    tenant: str = ""
    rival: str = ""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A folder's path without what names an environment."""

    segments: tuple[str, ...]
    environment: str | None
    in_environment_folder: bool


def identify(
    folders: Sequence[FolderPath],
    names: Sequence[EnvironmentNames],
    repositories: Sequence[str],
    remembered: Sequence[Mapping[str, str]] = (),
) -> Mapping[FolderPath, Identity]:
    """The service of each folder.

    `names`, `repositories` (what a chart in their root is called), and `remembered` (what the services of folders, or
    of the folders above, were called before) are by a repository's place in the list.

    Different services that would get one name are told apart by their parent folders, where those differ. A name once
    given stays: who comes later gets the longer one. A chart that others list leaves the name to the one that nobody
    lists: `apps/billing` deploys `charts/billing`.
    """
    beside = _Siblings(folders, names)
    readings = {folder: _read(folder, beside, repositories) for folder in folders}
    readings = _split_suffixes(_without_order(readings), names)
    listed = {reading.segments for folder, reading in readings.items() if folder.listed}
    kept = _remembered_names(readings, remembered)
    chosen = _distinct_names(_per_repository(readings), listed, kept)
    homes = {(folder.repository, reading.segments): _home(folder, reading) for folder, reading in readings.items()}
    taken = {(number, _label(name)): homes[number, segments] for (number, segments), name in kept.items()}
    return {
        folder: Identity(
            "-".join(chosen[reading.segments]),
            reading.segments,
            _home(folder, reading),
            reading.environment,
            _tenant(folder, reading),
            taken.get((folder.repository, _label(reading.segments[-1:])), "")
            if len(chosen[reading.segments]) > 1 and reading.segments not in listed
            else "",
        )
        for folder, reading in readings.items()
    }


class _Siblings:
    """What lies beside a folder: `live-chat` beside `tickets` is a service, `prod-eu` beside `dev` an environment."""

    def __init__(self, folders: Sequence[FolderPath], names: Sequence[EnvironmentNames]) -> None:
        self._names = names
        self._children: dict[tuple[int, str], set[str]] = defaultdict(set)
        self._deployed = {(folder.repository, folder.path) for folder in folders}
        for folder in folders:
            for parent, segment in _steps(folder.path):
                self._children[folder.repository, parent].add(segment)
        self._rows = {place for place in tuple(self._children) if self._is_row_of_environments(*place)}

    def _is_row_of_environments(self, repository: int, parent: str) -> bool:
        """Whether the folders in one are environments: one is a known one, all are named so, or they hold the same."""
        names, segments = self._names[repository], self._children[repository, parent]
        named = {segment: environment for segment in segments if (environment := names.named(segment))}
        if len(named) == len(segments) or any(map(names.lists, named.values())):
            return True
        below = Counter(
            child for segment in named for child in self._children.get((repository, f"{parent}/{segment}"), ())
        )
        return any(count > 1 for count in below.values())

    def environments(self, folder: FolderPath) -> list[str | None]:
        """For each segment of a path, the environment that it names.

        A known name is one wherever it stands, one with a suffix only in a row of environments, and an unknown one as
        the last in a row of a service's environments.
        """
        names = self._names[folder.repository]
        named = [(parent, names.named(segment)) for parent, segment in _steps(folder.path)]
        environments = [
            environment
            if environment and (names.lists(environment) or (folder.repository, parent) in self._rows)
            else None
            for parent, environment in named
        ]
        if environments[-1] is None and self._ends_a_row(folder, environments):
            environments[-1] = without_order(posixpath.basename(folder.path))
        return environments

    def are_beside(self, folder: FolderPath) -> bool:
        """Whether other folders lie beside one."""
        return len(self._children[folder.repository, _parent_of(folder.path)]) > 1

    def _ends_a_row(self, folder: FolderPath, environments: Sequence[str | None]) -> bool:
        """Whether most folders beside one are environments of the service above: `00-preview` beside `01-dev`."""
        parent, segment = _parent_of(folder.path), posixpath.basename(folder.path)
        service = posixpath.basename(parent)
        if folder.listed or segment in _NO_ENVIRONMENTS or not service or service in CONTAINERS or any(environments):
            return False
        beside = self._children[folder.repository, parent] - {segment}
        deployed = {each for each in beside if (folder.repository, f"{parent}/{each}".lstrip("/")) in self._deployed}
        named = {each for each in deployed if self._names[folder.repository].named(each)}
        numbered = {each for each in named if without_order(each) != each}
        if not named or (numbered == named and without_order(segment) == segment):
            return False
        return len(named) > len(deployed - named) and (len(named) > 1 or numbered == named)


def _parent_of(path: str) -> str:
    """What `_steps` gives as the path above the last segment."""
    above = posixpath.dirname(path)
    return f"/{above}" if above else ""


def _steps(path: str) -> Iterator[tuple[str, str]]:
    """Each segment of a path, with the path above it."""
    above = ""
    for segment in path.split("/"):
        yield above, segment
        above = f"{above}/{segment}"


def _read(folder: FolderPath, beside: _Siblings, repositories: Sequence[str]) -> _Reading:
    """The path without segments that are environments; a path that is nothing else stays whole."""
    if not folder.path:
        return _Reading((repositories[folder.repository],), None, in_environment_folder=False)
    segments = tuple(folder.path.split("/"))
    environments = beside.environments(folder)
    if folder.is_layer and len(segments) > 1:
        segments, environments = segments[:-1], environments[:-1]
    kept = tuple(segment for segment, environment in zip(segments, environments, strict=True) if environment is None)
    while environments[-1] and kept[-1:] and kept[-1] in ENVIRONMENT_FOLDERS and set(kept[-2:-1]) - CONTAINERS:
        kept = kept[:-1]
    # `dev/argocd` beside others is a service called argocd.
    in_environment = environments[-1] is None and any(environments[-2:-1])
    is_named = kept and (kept[-1] not in CONTAINERS or (in_environment and beside.are_beside(folder)))
    if len(kept) == len(segments) or not is_named:
        # `apps/test/Chart.yaml` is a service called test: nothing else names it.
        return _Reading(segments, None, in_environment_folder=False)
    innermost = next(filter(None, reversed(environments)))
    return _Reading(kept, innermost, in_environment_folder=environments[-1] is not None)


def _without_order(readings: Mapping[FolderPath, _Reading]) -> dict[FolderPath, _Reading]:
    """The readings without the numbers that sort folders in layouts with environment folders, where none gets lost."""
    meant: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    plain = {folder: _plain(reading) for folder, reading in readings.items()}
    for folder, reading in readings.items():
        meant[plain[folder]].add(reading.segments)
    return {
        folder: replace(reading, segments=segments)
        if segments != reading.segments and len(meant[segments]) == 1
        else reading
        for (folder, reading), segments in zip(readings.items(), plain.values(), strict=True)
    }


def _plain(reading: _Reading) -> tuple[str, ...]:
    return tuple(map(without_order, reading.segments)) if reading.environment else reading.segments


def _split_suffixes(
    readings: Mapping[FolderPath, _Reading], names: Sequence[EnvironmentNames]
) -> dict[FolderPath, _Reading]:
    """`billing-dev` and `billing-production` are one service; a lone `load-test` is a service of that name.

    A name with a suffix is an environment only where a known one or another service proves it: `auth-prod-eu` beside
    `auth-dev` or `cart-prod-eu`, but not `auth-test-client` beside `auth`. Two that run in one environment are two.
    """
    endings: dict[tuple[str, ...], set[str]] = defaultdict(set)
    stems: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    splits: dict[FolderPath, tuple[tuple[str, ...], str]] = {}
    whole = {reading.segments for reading in readings.values()}
    runs_in: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for folder, reading in readings.items():
        split = names[folder.repository].split(reading.segments[-1])
        if split and reading.environment is None:
            stem = (*reading.segments[:-1], split[0])
            splits[folder] = stem, split[1]
            endings[stem].add(split[1])
            stems[split[1]].add(stem)
            runs_in[stem].update(folder.runs_in)
        runs_in[reading.segments].update(folder.runs_in)
    result = dict(readings)
    for folder, (stem, environment) in splits.items():
        lists = names[folder.repository].lists
        proven = lists(environment) or any(map(lists, endings[stem])) or len(stems[environment]) > 1
        apart = any(runs_in[stem][each] > 1 for each in folder.runs_in)
        if proven and (len(endings[stem]) > 1 or stem in whole) and not apart:
            result[folder] = replace(readings[folder], segments=stem, environment=environment)
    return result


def _per_repository(readings: Mapping[FolderPath, _Reading]) -> dict[int, set[_Segments]]:
    found: dict[int, set[_Segments]] = defaultdict(set)
    for folder, reading in readings.items():
        found[folder.repository].add(reading.segments)
    return found


def _remembered_names(
    readings: Mapping[FolderPath, _Reading], remembered: Sequence[Mapping[str, str]]
) -> dict[tuple[int, _Segments], _Segments]:
    """By repository and path: as many of its last segments as make the name that it had before, if any do."""
    kept: dict[tuple[int, _Segments], _Segments] = {}
    for folder, reading in readings.items() if remembered else ():
        names = remembered[folder.repository]
        name = (names.get(_home(folder, reading)) or names.get(folder.path, "")).lower()
        endings = (reading.segments[-length:] for length in range(1, len(reading.segments) + 1))
        if name and (ending := next((each for each in endings if _label(each) == name), None)):
            kept.setdefault((folder.repository, reading.segments), ending)
    return kept


def _distinct_names(
    per_repository: Mapping[int, set[_Segments]],
    listed: set[_Segments],
    kept: Mapping[tuple[int, _Segments], _Segments],
) -> dict[_Segments, _Segments]:
    """The last segment of each path; with as many parents in front as tell apart those of one repository.

    Where all parents don't, names stay equal. What is kept gets no longer for the sake of what isn't.
    """
    names = {segments: segments[-1:] for mine in per_repository.values() for segments in mine}
    names |= {segments: name for (_, segments), name in kept.items()}
    settled = {segments for _, segments in kept}
    while True:
        crowded: set[str] = set()
        keeping: set[_Segments] = set()
        leaving: set[_Segments] = set()
        for number, mine in per_repository.items():
            alike: dict[str, set[_Segments]] = defaultdict(set)
            for segments in mine:
                alike[_label(names[segments])].add(segments)
            for name, group in alike.items():
                if len(group) > 1:
                    crowded.add(name)
                    rivals = {each for each in group if (number, each) in kept} or {
                        each for each in group if each not in listed or len(names[each]) == len(each)
                    }
                    keeping |= rivals if len(rivals) == 1 else set()
                    leaving |= group
        longer = {
            segments: segments[-len(name) - 1 :]
            for segments, name in names.items()
            if len(name) < len(segments)
            and segments not in keeping
            and (segments in leaving or segments not in settled)
            and _label(name) in crowded
        }
        if not longer:
            return names
        names |= longer


def _label(segments: _Segments) -> str:
    """The name that some segments make, as Backstage compares names."""
    return as_entity_name("-".join(segments)).lower()


def _home(folder: FolderPath, reading: _Reading) -> str:
    return posixpath.dirname(folder.path) if reading.in_environment_folder else folder.path


def _tenant(folder: FolderPath, reading: _Reading) -> str:
    parent = posixpath.dirname(_home(folder, reading))
    name = posixpath.basename(parent).lower()
    return parent if reading.in_environment_folder and name not in CONTAINERS else ""
