"""List what the Applications, ApplicationSets and apps of apps of repositories make, without a server."""

from __future__ import annotations

from collections.abc import Mapping

from scenedock.catalog.reading.argo.written import value_files_of_source
from scenedock.effects.git.repositories import Repository
from scenedock.model.finding import Place
from scenedock.model.json import as_object, as_text
from scenedock.structs import dataclass
from scenedock.usecases.manifests.applications import NotEvaluated
from scenedock.usecases.manifests.planning import Planned, Planner
from scenedock.usecases.manifests.rendering import TargetRenderer
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.tools import RenderingTools


@dataclass(frozen=True, slots=True)
class ListedSource:
    """A source of an Application: a `path`, or a `chart`, of a repository at a revision, with its values files."""

    repository: str
    path: str
    chart: str
    revision: str
    value_files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedApplication:
    """An Application; `place` is the manifest or template that makes it, and `by` what made it of that.

    `destination` is the server or the name of its cluster. `reason` says why what it deploys can't be rendered here.
    """

    name: str
    project: str
    destination: str
    namespace: str
    sources: tuple[ListedSource, ...]
    service: str
    environment: str | None
    place: Place
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ApplicationList:
    """The Applications by name, and what may make more and needs a cluster."""

    applications: tuple[ListedApplication, ...]
    not_evaluated: tuple[NotEvaluated, ...]


def list_applications(repositories: Mapping[str, Repository], tools: RenderingTools) -> ApplicationList:
    """All Applications of some repositories.

    Raises
    ------
    NotAllowedError             this machine can't sandbox a process
    NotFoundError, InputError   a repository can't be read
    """
    with TargetRenderer(tools) as renderer:
        planner = Planner(State(repositories), renderer)
        planner.plan()
    listed = sorted(map(_listed, planner.planned), key=lambda each: (each.name, each.place.sort_key, each.by))
    return ApplicationList(tuple(listed), tuple(planner.not_evaluated))


def _listed(planned: Planned) -> ListedApplication:
    found, target = planned.found, planned.target
    destination = as_object(found.spec.get("destination"))
    return ListedApplication(
        found.written.title,
        as_text(found.spec.get("project")),
        as_text(destination.get("name")) or as_text(destination.get("server")),
        found.written.namespace,
        tuple(
            ListedSource(
                as_text(each.get("repoURL")),
                as_text(each.get("path")),
                as_text(each.get("chart")),
                as_text(each.get("targetRevision")),
                tuple(value_files_of_source(each)),
            )
            for each in found.written.sources
        ),
        target.service,
        target.environment,
        found.place,
        found.by,
        target.reason,
    )
