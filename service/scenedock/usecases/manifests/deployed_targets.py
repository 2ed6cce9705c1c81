"""All that is deployed at one time: what Applications deploy, and besides what the catalog knows of other folders."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from scenedock.effects.helm.chart_files import local_charts
from scenedock.model.file_paths import folders_above
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.structs import dataclass, field
from scenedock.usecases.manifests.inputs import Inputs
from scenedock.usecases.manifests.planning import Planner
from scenedock.usecases.manifests.rendering import TargetRenderer
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import ChartPart, FilesPart, Target, ValuesFile

if TYPE_CHECKING:
    from scenedock.releases.release import PairKey
    from scenedock.usecases.catalog.export_catalog import Names


@dataclass(slots=True)
class DeployedTargets:
    """What is deployed at one time; `names` are those that services had before."""

    state: State
    planner: Planner
    names: Names
    _folders: set[tuple[str, str]] = field(default_factory=set)
    _files: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        state: State,
        renderer: TargetRenderer,
        names: Names | None = None,
        before: DeployedTargets | None = None,
        inputs: Inputs | None = None,
    ) -> DeployedTargets:
        """Find the Applications of a time, after those of one `before`, since when `inputs` have changed.

        Raises
        ------
        NotAllowedError              this machine can't sandbox a process
        NotFoundError, InputError    a repository can't be read
        """
        planner = Planner(state, renderer, names or {}, before.planner if before else None, inputs)
        planner.plan()
        found = cls(state, planner, names or {})
        for target in planner.targets:
            found._cover(target)
        return found

    def by_applications(self) -> list[Target]:
        """What Applications deploy, and the charts that make them."""
        return self.planner.targets

    @property
    def unknown(self) -> frozenset[PairKey | tuple[str, str, str | None, str]]:
        """The charts of Applications that can't be rendered: whatever they make isn't known."""
        failed = {each.target.parts for each in self.planner.printed if each.reason}
        return frozenset(each.key for each in self.planner.roots if each.parts in failed)

    def by_folders(self) -> Iterator[Target]:
        """What else the catalog says is deployed; to know it costs as much as an export.

        Raises
        ------
        NotFoundError, InputError   a repository can't be read
        """
        from scenedock.usecases.catalog.export_catalog import map_catalog, read_repositories
        from scenedock.usecases.manifests.surveyed import surveyed_targets
        from scenedock.usecases.releases.survey import survey

        repositories = self.state.repositories
        result = map_catalog(read_repositories(repositories), names=self.names, until="mapped")
        found = surveyed_targets(survey(result, repositories), self.state)
        return (each for each in found if not self._covers(each))

    def explain(self, repository: str, paths: Iterable[str]) -> bool:
        """Whether all of some changed files are those of Applications, or no part of anything that is deployed."""
        planner = self.planner
        files = planner.state.source(repository).paths
        kustomized = {posixpath.dirname(path) for path in files if posixpath.basename(path) in KUSTOMIZATIONS}
        folders = planner.finder.manifests[repository].charts | kustomized
        for path in paths:
            above = folders_above(path)
            if (repository, path) in self._files or any((repository, each) in self._folders for each in ("", *above)):
                continue
            if not folders.isdisjoint(("", *above)) or not planner.planned:
                return False
        return True

    def _cover(self, target: Target) -> None:
        for repository, folder in target.about:
            self._folders.add((repository, folder))
            self._files.update((repository, path) for path in self.state.source(repository).below(folder))
        for part in target.parts:
            if isinstance(part, FilesPart):
                self._files.update((part.repository, path) for path in part.paths)
            elif isinstance(part, ChartPart):
                self._files.update((each.repository, each.path) for each in part.values if isinstance(each, ValuesFile))
                if part.remote is None and (part.repository, part.folder) not in self._folders:
                    source = self.planner.state.source(part.repository)
                    self._folders.update((part.repository, each) for each in local_charts(source, part.folder))
            else:
                self._folders.add((part.repository, part.folder))

    def _covers(self, target: Target) -> bool:
        """Whether an Application deploys what the catalog knows as a target."""
        for part in target.parts:
            if isinstance(part, FilesPart):
                return all((part.repository, path) in self._files for path in part.paths)
            if (part.repository, part.folder) in self._folders:
                return True
            # A folder may have a chart of its own, and give its values to the one that an Application names.
            values = (
                [each for each in part.values if isinstance(each, ValuesFile)] if isinstance(part, ChartPart) else []
            )
            if values and all((each.repository, each.path) in self._files for each in values):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Selected:
    """Which targets: `pairs`, those of some `services` and of an `environment`; all, where nothing is given.

    A service may be called by its folder or its Application, too.
    """

    services: Collection[str] = ()
    environment: str | None = None
    pairs: Collection[PairKey] | None = None

    def includes(self, target: Target) -> bool:
        """Whether a target is one of them."""
        if self.environment not in {None, target.environment}:
            return False
        if self.pairs is not None and target.key[:3] not in self.pairs:
            return False
        folders = {part.folder for part in target.parts if not isinstance(part, FilesPart)}
        return not self.services or not folders.union({target.service, target.name}).isdisjoint(self.services)
