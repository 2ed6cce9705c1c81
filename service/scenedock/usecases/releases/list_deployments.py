"""List which version of each service the repositories say is in each environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scenedock.catalog.vocabulary.environments import promotion_rank
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.effects.helm.program import HelmProgram
from scenedock.errors import NotFoundError
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.model.similar import similar
from scenedock.releases.images import Image
from scenedock.releases.listing import Behind, behind, list_releases
from scenedock.releases.release import Chosen, Deployed, Release
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.releases.rendered import Compared, Renderings
from scenedock.usecases.releases.version_facts import VersionReader

_LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Deployments:
    """The releases, by service and environment, and which of them are behind another environment of the service.

    `problems` says for each repository that can't be read, whose deployments are missing, why.
    """

    releases: tuple[Release, ...]
    behind: Mapping[str, Behind]
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def unknown(self) -> tuple[Release, ...]:
        """Those without a version, each with its reason."""
        return tuple(each for each in self.releases if each.version is None)

    def of(self, service: str) -> Deployments:
        """Those of one service.

        Raises
        ------
        NotFoundError   there is no such service, or it isn't deployed
        """
        name = _plain(service)
        found = tuple(each for each in self.releases if each.service == name)
        if not found:
            hint = similar(name, sorted({each.service for each in self.releases}))
            said = f"there is no deployment of a service {service!r}{hint}"
            raise NotFoundError("; ".join([said, *self.problems.values()]))
        return Deployments(found, self.behind, self.problems)


def list_deployments(
    result: Export, repositories: Mapping[str, Repository], helm: HelmProgram | None = None, service: str = ""
) -> Deployments:
    """The deployments of an export: one for each service and environment of each repository; of libraries none.

    Where several images may be a service's own, `helm` decides, if there is one; with a `service`, only for that.

    Raises
    ------
    InputError   a repository can't be read
    """
    rendered = Renderings(helm, repositories) if helm else None
    wanted = _plain(service)

    def choose(deployed: Deployed, candidates: Sequence[Image]) -> Chosen:
        if rendered is None or wanted not in {"", deployed.service}:
            return Chosen()
        return rendered.choose(deployed, candidates)

    releases = list_releases(_deployed(result, repositories), choose)
    return Deployments(releases, behind(releases), result.read.problems)


def verify_deployments(result: Export, repositories: Mapping[str, Repository], helm: HelmProgram) -> list[Compared]:
    """All deployments whose version is known, each compared with what helm renders.

    Raises
    ------
    InputError        a repository can't be read, or helm is no version that can be used
    NotFoundError     there is no helm
    NotAllowedError   this machine can't sandbox a process
    """
    renderings = Renderings(helm, repositories)
    renderings.check()
    deployed = _deployed(result, repositories)
    releases = list_releases(deployed, lambda _deployed, _candidates: Chosen())
    return [
        renderings.compare(each, release)
        for each, release in zip(deployed, releases, strict=True)
        if release.version is not None
    ]


def _deployed(result: Export, repositories: Mapping[str, Repository]) -> list[Deployed]:
    if result.mapped is None:
        return []
    services, libraries = result.mapped.services, result.mapped.roles.libraries
    readers = {
        contents.facts.name: VersionReader(
            repositories[contents.facts.name].read,
            frozenset(repositories[contents.facts.name].listing().inside) if contents.settings.versions.file else (),
            frozenset(path for owner, path in libraries if owner == contents.facts.name),
        )
        for contents in result.repositories
    }
    deployed = [
        one
        for each in services
        if each.main.spec.get("type") != _LIBRARY
        for member in each.service.members
        for one in readers[member.contents.facts.name].deployed(each, member)
    ]
    return sorted(deployed, key=lambda one: (one.service, one.environment or "", one.repository))


def list_served(repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None) -> Deployments:
    """The deployments of the service's repositories as they are now, under the names of a `kept` catalog.

    Raises
    ------
    InputError   no repository can be read
    """
    with export_served(repositories, kept) as (result, opened):
        return list_deployments(result, opened)


def show_served(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, service: str, helm: HelmProgram
) -> Deployments:
    """The same, and where several images may be the own one of this `service`, helm decides, if there is one.

    Raises
    ------
    InputError   no repository can be read
    """
    with export_served(repositories, kept) as (result, opened):
        return list_deployments(result, opened, helm, service)


def _plain(service: str) -> str:
    return service.removeprefix("component:").removeprefix("default/")


def environments_of(releases: Iterable[Release]) -> Sequence[str]:
    """The names of all environments, in the order in which versions go to production."""
    return sorted({each.environment for each in releases if each.environment}, key=promotion_rank)
