"""What is deployed at one time: the Applications, also those that rendered charts make, as targets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scenedock.catalog.reading.argo.applications import API_GROUP
from scenedock.catalog.reading.sources import Repositories
from scenedock.effects.helm.chart_files import ChartSource, local_charts
from scenedock.errors import InputError
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.manifests import naming
from scenedock.usecases.manifests.applications import (
    ApplicationFinder,
    FoundApplication,
    NotEvaluated,
    charts_of_applications,
)
from scenedock.usecases.manifests.argo_parts import ArgoParts
from scenedock.usecases.manifests.inputs import Inputs
from scenedock.usecases.manifests.naming import ServiceNames
from scenedock.usecases.manifests.rendering import Printed, TargetRenderer
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import ChartPart, FilesPart, KustomizePart, Part, Target, ValuesFile

_DEEPEST: Final = 5
_MOST_APPLICATIONS: Final = 5_000
_NAMING: Final = re.compile(
    r"(?:^|/)(?:Chart\.yaml|[Kk]ustomization(?:\.ya?ml)?|helmfile[^/]*|scenedock\.yaml|\.argocd-source[^/]*)$"
)

if TYPE_CHECKING:
    from scenedock.usecases.catalog.export_catalog import Names
"""The files that say what there is, besides manifests of Argo CD."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An Application with its target."""

    found: FoundApplication
    target: Target


@dataclass(slots=True)
class Planner:
    """Finds what Applications deploy at one time.

    `before` is the planner of an earlier time, and `inputs` say what has changed since: charts of Applications that are
    the same aren't rendered again.
    """

    state: State
    renderer: TargetRenderer
    names: Names = field(default_factory=dict)
    before: Planner | None = None
    inputs: Inputs | None = None
    planned: list[Planned] = field(default_factory=list)
    roots: list[Target] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)
    finder: ApplicationFinder = field(init=False)
    _charts: set[tuple[str, str]] = field(default_factory=set)
    _are_parents: dict[tuple[str, str], bool] = field(default_factory=dict)
    _makers: dict[str, ArgoParts] = field(default_factory=dict)

    def plan(self) -> None:
        """Find all Applications, and what they deploy.

        Raises
        ------
        NotAllowedError              this machine can't sandbox a process
        NotFoundError, InputError    a repository can't be read, or there is no helm
        """
        self.finder = ApplicationFinder.of(self.state)
        for name, reader in self.finder.readers.items():
            self._charts.update((name, folder) for folder in charts_of_applications(self.state, reader))
        found = [(each, *self._parts(each)) for each in self.finder.written()]
        parents = self._roots(found)
        self.roots = list(parents)
        level, waiting = 0, found
        every = list(found)
        while waiting or parents:
            parents += [
                Target(each.place.repository, each.written.title, each.environment, each.written.title, parts)
                for each, parts, _ in waiting
                if any(map(self._is_parent, parts))
            ]
            if not parents or level >= _DEEPEST or len(every) > _MOST_APPLICATIONS:
                break
            waiting = [(each, *self._parts(each)) for each in self._made_by(parents)]
            every, level, parents = [*every, *waiting], level + 1, []
        self._name(_once(every))

    def holds(self, later: State, changed: Mapping[str, Iterable[str]], inputs: tuple[Inputs, Inputs]) -> bool:
        """Whether the same is deployed at a later time, when only contents of some files have changed.

        `inputs` are those of both times. What is deployed may be another if a manifest of Argo CD, a file that sets
        read, a chart of Applications, or a file that names charts, environments or services has changed.
        """
        if any(each.have_changed(one.target) for each in inputs for one in self.printed):
            return False
        for name, paths in changed.items():
            sources = self.state.source(name), later.source(name)
            documents = self.finder.documents[name]
            manifests = {each.place.path for each in documents}
            if any(_reads_files(each.value) for each in documents):
                return False
            for path in paths:
                is_there = all(path in each.paths for each in sources)
                if not is_there or path in manifests or _NAMING.search(path) or _mentions_argo(sources[1], path):
                    return False
        return True

    @property
    def targets(self) -> list[Target]:
        """The targets of the roots, and of all Applications."""
        return [*self.roots, *(each.target for each in self.planned)]

    @property
    def not_evaluated(self) -> list[NotEvaluated]:
        """What may make more Applications, and can't be evaluated or rendered."""
        failed = [
            NotEvaluated("app of apps", each.target.name, each.target.place, each.reason)
            for each in self.printed
            if each.reason
        ]
        return list(dict.fromkeys([*self.finder.not_evaluated, *failed]))

    def _parts(self, found: FoundApplication) -> tuple[tuple[Part, ...], str]:
        here = found.place.repository
        if here not in self._makers:
            manifests = self.finder.manifests
            others = tuple(each for name, each in manifests.items() if name != here)
            self._makers[here] = ArgoParts(self.state, Repositories(manifests[here], others))
        try:
            return self._makers[here].parts(found), ""
        except InputError as error:
            return (), str(error)

    def _roots(self, found: Sequence[tuple[FoundApplication, tuple[Part, ...], str]]) -> list[Target]:
        """The charts of Applications that no Application deploys: with the values files of each environment."""
        deployed = {
            (part.repository, part.folder) for _, parts, _ in found for part in parts if isinstance(part, ChartPart)
        }
        return [
            target
            for repository, folder in sorted(self._charts - deployed)
            for target in self._root(repository, folder)
        ]

    def _root(self, repository: str, folder: str) -> Iterator[Target]:
        reader = self.finder.readers[repository]
        names = reader.environments.of(folder)
        planned = next(each for each in reader.plan.charts if each.path == folder)
        of_environment: dict[str | None, list[ValuesFile]] = {}
        for name in planned.files:
            if environment := names.of_values_file(name):
                of_environment.setdefault(environment, []).append(ValuesFile(repository, planned.at(name)))
        release = folder.rpartition("/")[2] or repository
        for environment, files in (of_environment or {None: []}).items():
            part = ChartPart(repository, folder, release, "argocd", tuple(files))
            place = Place(repository, f"{folder}/Chart.yaml".lstrip("/"))
            yield Target(repository, release, environment, release, (part,), place=place)

    def _is_parent(self, part: Part) -> bool:
        """Whether Applications may be among what a part is rendered to, and aren't written down."""
        if isinstance(part, KustomizePart):
            return any(each.place.path.startswith(f"{part.folder}/") for each in self.finder.documents[part.repository])
        if not isinstance(part, ChartPart) or part.remote:
            return False
        key = part.repository, part.folder
        if key not in self._are_parents:
            charts = {(part.repository, each) for each in local_charts(self.state.source(part.repository), part.folder)}
            self._are_parents[key] = not charts.isdisjoint(self._charts)
        return self._are_parents[key]

    def _made_by(self, parents: Sequence[Target]) -> Iterator[FoundApplication]:
        """The Applications that charts make, rendered if that hasn't been done at the earlier time."""
        known = [self._known(each) for each in parents]
        missing = [each for each, printed in zip(parents, known, strict=True) if printed is None]
        printed = iter(self.renderer.print_all([(self.state, each) for each in missing]))
        for target, earlier in zip(parents, known, strict=True):
            one = earlier or next(printed)
            self.printed.append(one)
            for part, text in zip(target.parts, one.texts, strict=False):
                if isinstance(part, ChartPart | KustomizePart):
                    by = f"{target.name}, rendered"
                    folder = part.folder
                    yield from self.finder.printed(text, part.repository, folder, target.environment, by)

    def _known(self, target: Target) -> Printed | None:
        if self.before is None or self.inputs is None or self.inputs.have_changed(target):
            return None
        return next((each for each in self.before.printed if each.target == target), None)

    def _name(self, every: Sequence[tuple[FoundApplication, tuple[Part, ...], str]]) -> None:
        """Say which service in which environment each Application is."""
        folders = [_folder_of(parts) for _, parts, _ in every]
        services = ServiceNames.of(self.finder.readers, {each for each in folders if each}, self.names)
        environments = [
            services.environment(
                each,
                self.finder.manifests[folder[0] if folder else each.place.repository],
                folder[1] if folder else None,
            )
            for (each, _, _), folder in zip(every, folders, strict=True)
        ]
        shared = Counter(zip(folders, environments, strict=True))
        for (each, parts, reason), folder, environment in zip(every, folders, environments, strict=True):
            is_alone = folder is not None and shared[folder, environment] == 1
            service = services.of_folder(*folder) if folder and is_alone else naming.of_application(each, environment)
            repository = folder[0] if folder else each.place.repository
            about = self._makers[each.place.repository].folders(each) if reason else ()
            target = Target(repository, service, environment, each.written.title, parts, reason, each.place, about)
            self.planned.append(Planned(each, target))
        self.roots = [
            replace(each, service=services.of_folder(part.repository, part.folder))
            for each in self.roots
            for part in each.parts
            if isinstance(part, ChartPart)
        ]


def _reads_files(document: JsonObject) -> bool:
    """Whether an ApplicationSet takes parameters from files."""
    return document.get("kind") == "ApplicationSet" and "'files'" in str(document.get("spec"))


def _mentions_argo(source: ChartSource, path: str) -> bool:
    try:
        return API_GROUP.encode() in source.read(path)
    except InputError:
        return True


def _folder_of(parts: Sequence[Part]) -> tuple[str, str] | None:
    """The folder that an Application deploys, of several the first."""
    for part in parts:
        if isinstance(part, KustomizePart) or (isinstance(part, ChartPart) and not part.remote):
            return part.repository, part.folder
        if isinstance(part, FilesPart):
            return part.repository, part.paths[0].rpartition("/")[0]
    return None


def _once(
    every: Sequence[tuple[FoundApplication, tuple[Part, ...], str]],
) -> list[tuple[FoundApplication, tuple[Part, ...], str]]:
    """Each Application once: what a kustomization makes of one that is written down counts instead."""
    made = {(each.written.title, each.place.repository) for each, _, _ in every if each.by.endswith("rendered")}
    seen: set[tuple[str, str, str | None, str]] = set()
    kept = []
    for one in every:
        each = one[0]
        key = each.written.title, each.place.repository, each.environment, str(each.spec)
        if key in seen or (not each.by and (each.written.title, each.place.repository) in made):
            continue
        seen.add(key)
        kept.append(one)
    return kept
