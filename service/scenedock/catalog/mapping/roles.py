"""What a folder is to the others: a library, an umbrella, a list of apps, or a deployment.

A chart that others list and that nothing deploys is a library, whatever its type says: two or more charts share it, or
it renders Argo CD Applications for the one that lists it (a collector).
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping

from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.mapping.services import DeployedService, Member
from scenedock.model.helm import APPLICATIONS, WORKLOADS, Dependency, HelmFolder
from scenedock.structs import dataclass

_FEWEST_PARENTS = 2


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles in all repositories; a folder is `(repository name, path)`.

    `umbrella_of` maps a folder to the umbrella that lists it, where exactly one does. `collectors` are the libraries
    that render Applications.
    """

    libraries: frozenset[tuple[str, str]]
    library_names: Mapping[tuple[str, str], str]
    umbrellas: Mapping[tuple[str, str], tuple[str, ...]]
    umbrella_of: Mapping[tuple[str, str], str]
    lists: frozenset[tuple[str, str]]
    collectors: frozenset[tuple[str, str]] = frozenset()

    def is_library(self, member: Member) -> bool:
        """Whether a service is a library chart."""
        return any((member.contents.facts.name, folder.path) in self.libraries for folder in member.folders)

    def is_umbrella(self, service: DeployedService) -> bool:
        """Whether a service is an umbrella chart, and so becomes a System."""
        member = service.members[0]
        return any((member.contents.facts.name, folder.path) in self.umbrellas for folder in member.folders)

    def target(self, repository: str, dependency: Dependency) -> str | None:
        """The folder that a chart's dependency means: a local chart, or a library that is published from here."""
        if dependency.folder is not None:
            return dependency.folder
        return self.library_names.get((repository, dependency.name)) if dependency.remote else None


def assign_roles(repositories: Iterable[RepositoryContents]) -> Roles:
    """The roles of all folders."""
    libraries: set[tuple[str, str]] = set()
    names: dict[tuple[str, str], str] = {}
    lists: set[tuple[str, str]] = set()
    charts: list[tuple[str, HelmFolder]] = []
    collectors: set[tuple[str, str]] = set()
    for contents in repositories:
        repository = contents.facts.name
        shared, collecting = _shared_charts(contents)
        collectors.update((repository, path) for path in collecting)
        defaults = {app_list.default_chart for app_list in contents.settings.apps if app_list.default_chart}
        list_folders = {posixpath.dirname(item.list_path) for item in contents.items}
        for folder in contents.folders:
            if folder.chart and (folder.chart.library or folder.path in defaults or folder.path in shared):
                libraries.add((repository, folder.path))
                names[repository, folder.chart.name] = folder.path
            if folder.path in list_folders:
                lists.add((repository, folder.path))
            charts.append((repository, folder))
    umbrellas = {
        (repository, folder.path): listed
        for repository, folder in charts
        if len(listed := _listed(repository, folder, libraries)) > 1
    }
    return Roles(
        frozenset(libraries), names, umbrellas, _single_umbrellas(umbrellas), frozenset(lists), frozenset(collectors)
    )


def _shared_charts(contents: RepositoryContents) -> tuple[set[str], set[str]]:
    """The folders whose charts are libraries by use, and those among them that collect Applications."""
    listing: dict[str, set[str]] = defaultdict(set)
    lists: dict[str, set[str]] = defaultdict(set)
    for folder in contents.folders:
        for dependency in folder.chart.dependencies if folder.chart else ():
            if dependency.folder is not None and dependency.folder != folder.path:
                listing[dependency.folder].add(folder.path)
                lists[folder.path].add(dependency.folder)
    deployed = {each.path for each in contents.applications}
    deployed |= {item.folder or item.chart_folder for item in contents.items if not item.default_chart}
    free = {
        folder.path: folder
        for folder in contents.folders
        if folder.path not in deployed and not any(folder.values) and folder.path in listing
    }
    shared = {path for path in free if len(listing[path]) >= _FEWEST_PARENTS}
    collecting = {
        path
        for path, folder in free.items()
        if not APPLICATIONS.isdisjoint(folder.kinds)
        and WORKLOADS.isdisjoint(folder.kinds)
        and any(lists[parent] <= {path, *shared} for parent in listing[path])
    }
    return shared | collecting, collecting


def _listed(repository: str, folder: HelmFolder, libraries: set[tuple[str, str]]) -> tuple[str, ...]:
    """The local charts that a chart lists, without libraries."""
    dependencies = folder.chart.dependencies if folder.chart else ()
    paths = {each.folder for each in dependencies if each.folder is not None}
    return tuple(sorted(path for path in paths if (repository, path) not in libraries))


def _single_umbrellas(umbrellas: Mapping[tuple[str, str], tuple[str, ...]]) -> dict[tuple[str, str], str]:
    listing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (repository, umbrella), listed in umbrellas.items():
        for path in listed:
            listing[repository, path].append(umbrella)
    return {folder: above[0] for folder, above in listing.items() if len(above) == 1}
