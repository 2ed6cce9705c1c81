"""An overview of the service's repositories for people: the services, their versions, and how these differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from scenedock.catalog.comparing.memory import folder_of, is_main
from scenedock.catalog.vocabulary.environments import stage_of
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.local.facts_file import FactsFile
from scenedock.model.entity import Entity
from scenedock.model.helm import RepositoryFacts
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.model.locks import Lock
from scenedock.releases.drift import Row, board_of
from scenedock.releases.listing import NONE_STALE, ReadState
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.catalog_record import read_memory
from scenedock.usecases.releases.follow_versions import Extent
from scenedock.usecases.releases.known_histories import follow_known
from scenedock.usecases.releases.known_versions import survey_served
from scenedock.usecases.releases.list_deployments import Deployments, deployments_of, environments_in, environments_of

_HISTORY: Final = Extent(between=False, seconds=10.0)
"""Since when each version is there, as far as that is found soon: a page waits for it."""


@dataclass(frozen=True, slots=True)
class ServedService:
    """A service: its name in releases, its entities (the Component or System first), and the folder of each repository.

    `applications` are the names of its Argo CD applications, by environment. `is_kept`: the catalog has it although
    nothing that can be read has it now.
    """

    name: str
    entities: tuple[Entity, ...]
    folders: tuple[tuple[str, str], ...]
    applications: Mapping[str, str]
    is_kept: bool = False

    @property
    def main(self) -> Entity:
        """The Component or System."""
        return self.entities[0]


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """What the repositories say at one time; `environments` are in the order in which versions go to production.

    `kept` are the names of services that only the catalog has, `locks` those in the settings of each repository.
    Two are never equal, so that what is made of one can be kept by it.
    """

    services: tuple[ServedService, ...]
    deployments: Deployments
    rows: tuple[Row, ...]
    environments: tuple[str, ...]
    repositories: Mapping[str, RepositoryFacts]
    kept: tuple[str, ...]
    locks: Mapping[str, tuple[Lock, ...]] = field(default_factory=dict)


def read_overview(
    repositories: Mapping[str, ServedRepository],
    kept: KeptCatalog | None,
    file: FactsFile | None = None,
    stale: Mapping[str, ReadState] = NONE_STALE,
) -> Overview:
    """The overview of the repositories as they are now; entities are those of a `kept` catalog where it has them.

    What the `file` knows already isn't read again. What can't be read, or fetched (`stale`), has its last good state.

    Raises
    ------
    InputError   no repository can be read, and none could be before
    """
    with survey_served(repositories, kept, file, stale) as surveyed:
        result = surveyed.result
        deployments = deployments_of(result, surveyed.releases, follow_known(surveyed, _HISTORY), surveyed.last_good)
    served = {entity.ref: entity for entity in read_memory(kept).entities} if kept else {}
    services = [
        ServedService(
            each.service.name,
            tuple(served.get(entity.ref, entity) for entity in each.entities),
            tuple((member.contents.facts.name, member.path) for member in each.service.members),
            {
                one.environment: one.application.name
                for one in each.service.deployments
                if one.environment and one.application
            },
        )
        for each in (result.mapped.services if result.mapped else ())
    ]
    known = {entity.ref for each in services for entity in each.entities}
    known.update(entity.ref for entity in (result.mapped.shared if result.mapped else ()))
    services += _kept([entity for ref, entity in served.items() if is_main(entity) and ref not in known], services)
    environments = tuple(environments_of(deployments.releases))
    stages = {name: stage for name in environments if (stage := stage_of(name)) is not None}
    equal: dict[str, set[str]] = defaultdict(set)
    for group, _ in environments_in(result, deployments.releases).equal:
        for name in group:
            equal[name].update(each for each in group if each != name)
    return Overview(
        services=tuple(services),
        deployments=deployments,
        rows=board_of(deployments.releases, stages, equal),
        environments=environments,
        repositories={each.facts.name: each.facts for each in result.repositories},
        kept=tuple(each.name for each in services if each.is_kept),
        locks={each.facts.name: tuple(each.settings.locks) for each in result.repositories if each.settings.locks},
    )


def _kept(entities: Iterable[Entity], others: Iterable[ServedService]) -> Iterator[ServedService]:
    """Services of entities alone, which have their references as names where others have their names."""
    names = {each.name for each in others}
    for entity in entities:
        name = entity.name if entity.name not in names else entity.ref.short
        names.add(name)
        folder = entity.place.repository, folder_of(entity) or ""
        yield ServedService(name, (entity,), (folder,), {}, is_kept=True)
