"""What is deployed, and which of it the catalog represents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, get_args

from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Deployed, DeployedKind
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.catalog.mapping.deployments import RepositoryContents

_KINDS: tuple[DeployedKind, ...] = get_args(DeployedKind)
_SET: DeployedKind = "Argo CD ApplicationSet"
_PLURALS: Mapping[str, str] = {_SET: "Argo CD ApplicationSets that weren't evaluated"}
_FEWEST_MISSING = 3
_LARGEST_SHARE = 0.2

_INCLUDE = (
    "`folders: {include: [<glob of the folders>]}` in scenedock.yaml makes a Component of each folder of manifests"
)
_ADVICE: Mapping[DeployedKind, str] = {
    "Argo CD Application": "List the repositories whose folders Applications deploy in the same run; `layouts` in "
    "scenedock.yaml may leave Applications of charts from elsewhere out",
    "Argo CD ApplicationSet": "Set what only a cluster knows in scenedock.yaml (`folders`, `environments`)",
    "Flux HelmRelease": _INCLUDE,
    "Flux Kustomization": _INCLUDE,
    "Kustomize folder": _INCLUDE,
    "Fleet bundle": "A bundle becomes a Component if it has a chart or manifests, and `layouts` in scenedock.yaml "
    "doesn't switch Fleet off",
    "helmfile release": "A release becomes a Component if its name and chart are literal, and `layouts` in "
    "scenedock.yaml doesn't switch helmfile off",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """Things of one kind that no entity represents, for one reason; the first of them is at `place`."""

    reason: str
    count: int
    place: Place


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many things of one kind were seen, in all repositories, and how many have an entity."""

    kind: DeployedKind
    seen: int
    represented: int
    missing: tuple[Missing, ...] = ()

    def __str__(self) -> str:
        """`Argo CD Applications: 34 seen, 33 represented; 1 not: their charts come from elsewhere (apps/x.yaml:1)`."""
        said = f"{_plural(self.kind)}: {self.seen:,} seen, {self.represented:,} represented"
        reasons = (f"{each.count:,} not: {each.reason} ({each.place})" for each in self.missing)
        return "; ".join((said, *reasons))


def coverage_of(repositories: Sequence[RepositoryContents]) -> tuple[Coverage, ...]:
    """What was seen in all repositories, by kind; nothing of kinds that there are none of.

    What only deploys such things, as an app of apps does, doesn't count besides them.
    """
    represented = _Represented(repositories)
    seen: dict[DeployedKind, list[tuple[Deployed, str]]] = defaultdict(list)
    for contents in repositories:
        for each in contents.deployed:
            if not represented.is_of_others(each):
                seen[each.kind].append((each, represented.reason_against(each)))
    return tuple(_coverage(kind, seen[kind]) for kind in _KINDS if kind in seen)


def describe_deployed(deployed: Iterable[Deployed]) -> str:
    """`3 Flux HelmReleases (apps/billing/release.yaml:5), 2 Kustomize folders (…)`; empty where there is nothing."""
    return ", ".join(
        f"{count:,} {_plural(kind) if count > 1 else kind} ({place.path}{f':{place.line}' if place.line else ''})"
        for kind, (count, place) in _counted(deployed).items()
    )


def advice_on(deployed: Iterable[Deployed]) -> str:
    """What to do so that such things are represented."""
    return ". ".join(dict.fromkeys(_ADVICE[kind] for kind in _counted(deployed)))


def find_uncovered(repositories: Sequence[RepositoryContents]) -> Iterator[Finding]:
    """A warning for each repository most of which no entity represents, with the tools that deploy it."""
    represented = _Represented(repositories)
    for contents in repositories:
        services = len(contents.folders) + len(contents.unit_folders) + len({item.name for item in contents.items})
        own = (each for each in contents.deployed if not represented.is_of_others(each))
        missing = [
            each
            for each in own
            if represented.reason_against(each) and (each.place, each.name) not in contents.left_out
        ]
        if len(missing) >= _FEWEST_MISSING and 0 < services <= _LARGEST_SHARE * (services + len(missing)):
            message = f"most of what the repository deploys has no entity: {describe_deployed(missing)}"
            place, remedy = Place(contents.facts.name), f"{advice_on(missing)}."
            yield Finding("warning", "mostly-not-represented", message, place, remedy)


class _Represented:
    """What folders and items of lists the catalog represents."""

    def __init__(self, repositories: Sequence[RepositoryContents]) -> None:
        self._folders: dict[str, set[str]] = {}
        self._units: set[tuple[Place, str]] = set()
        self._places: set[Place] = set()
        self._reasons: dict[tuple[Place, str], str] = {}
        self._skipped: dict[tuple[str, str], str] = {}
        self._items: set[tuple[str, str, str]] = set()
        self._counted: dict[str, Counter[str]] = defaultdict(Counter)
        for contents in repositories:
            name = contents.facts.name
            self._folders[name] = {folder.path for folder in contents.folders} | {
                item.chart_folder for item in contents.items if item.chart_folder
            }
            for unit in contents.units:
                self._units.add((unit.place, unit.name))
                self._places.add(unit.place)
                self._folders[name].update(unit.folders)
            self._reasons |= contents.left_out
            self._items |= {(name, item.list_path, item.name) for item in contents.items}
            self._skipped |= {(name, skip.place.path): skip.reason for skip in contents.skipped}
            for each in contents.deployed:
                for folder in folders_above(each.place.path):
                    self._counted[each.place.repository][folder] += 1

    def reason_against(self, each: Deployed) -> str:
        """Why something isn't represented; an empty string if it is."""
        if (each.place.repository, each.place.path, each.name) in self._items:
            return ""
        if (each.place, each.name) in self._units or (each.kind == _SET and each.place in self._places):
            return ""
        if reason := self._reasons.get((each.place, each.name)):
            return reason
        if not each.targets:
            return each.reason
        if any(self._is_represented(repository, path) for repository, path in each.targets):
            return ""
        skips = (self._skipped.get((repository, path or ".")) for repository, path in each.targets)
        skipped = next(filter(None, skips), "")
        if skipped:
            return f"their folders are skipped: {skipped}"
        if each.kind in {"Argo CD Application", _SET, "helmfile release"}:
            made = each.reason if each.kind == "Argo CD Application" else ""
            return made or "their folders have neither a chart nor manifests"
        return "settings don't include their folders"

    def is_of_others(self, each: Deployed) -> bool:
        """Whether all that something deploys is counted by itself: the manifests of others are in its folders."""
        return bool(each.targets) and all(
            not self._is_represented(repository, path)
            and path in self._counted[repository]
            and (path not in folders_above(each.place.path) or self._deploys_others(each, repository, path))
            for repository, path in each.targets
        )

    def _deploys_others(self, each: Deployed, repository: str, path: str) -> bool:
        """Whether something deploys a folder that its own manifest lies in: for the sake of others there."""
        if each.kind in {"Argo CD Application", _SET}:
            return self._counted[repository][path] > 1
        return each.kind == "Flux Kustomization"

    def _is_represented(self, repository: str, path: str) -> bool:
        """Whether a folder, or one that it is a part of, has an entity."""
        folders = self._folders.get(repository, ())
        return path in folders or "" in folders or any(above in folders for above in folders_above(path))


def _coverage(kind: DeployedKind, seen: Sequence[tuple[Deployed, str]]) -> Coverage:
    counts = Counter(reason for _, reason in seen if reason)
    first = {reason: each.place for each, reason in reversed(seen)}
    missing = tuple(Missing(reason, count, first[reason]) for reason, count in sorted(counts.items()))
    return Coverage(kind, len(seen), len(seen) - sum(counts.values()), missing)


def _counted(deployed: Iterable[Deployed]) -> dict[DeployedKind, tuple[int, Place]]:
    found: dict[DeployedKind, list[Place]] = defaultdict(list)
    for each in deployed:
        found[each.kind].append(each.place)
    return {kind: (len(found[kind]), found[kind][0]) for kind in _KINDS if kind in found}


def _plural(kind: DeployedKind) -> str:
    return _PLURALS.get(kind, f"{kind}s")
