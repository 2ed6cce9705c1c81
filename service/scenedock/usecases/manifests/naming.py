"""What the catalog calls the services that Applications deploy, found out without reading all folders."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from scenedock.catalog.mapping.identities import LAYERS, FolderPath, Identity, identify
from scenedock.catalog.reading.argo.application_environments import environment_of
from scenedock.catalog.reading.sources import Manifests
from scenedock.catalog.vocabulary.environments import without_environment
from scenedock.catalog.vocabulary.formats import as_entity_name
from scenedock.structs import dataclass
from scenedock.usecases.catalog.reading.read_repository import RepositoryReader
from scenedock.usecases.manifests.applications import FoundApplication

if TYPE_CHECKING:
    from scenedock.usecases.catalog.export_catalog import Names


@dataclass(frozen=True, slots=True)
class ServiceNames:
    """The services of folders, by repository and path."""

    identities: Mapping[tuple[str, str], Identity]
    given: Names

    @classmethod
    def of(
        cls, readers: Mapping[str, RepositoryReader], folders: Collection[tuple[str, str]], given: Names
    ) -> ServiceNames:
        """Name the charts of some repositories, and other `folders`; `given` names stay."""
        order = {name: number for number, name in enumerate(readers)}
        charts = {(name, planned.path) for name, reader in readers.items() for planned in reader.plan.charts}
        every = sorted({*charts, *folders} & {each for each in {*charts, *folders} if each[0] in order})
        paths = [
            FolderPath(order[name], path, is_layer=posixpath.basename(path) in LAYERS and (name, path) not in charts)
            for name, path in every
        ]
        found = identify(
            paths,
            [reader.settings.names for reader in readers.values()],
            [reader.facts.root_name for reader in readers.values()],
            [given.get(name, {}) for name in readers],
        )
        return cls({key: found[path] for key, path in zip(every, paths, strict=True)}, given)

    def of_folder(self, repository: str, path: str) -> str:
        """The name of the service of a folder."""
        if named := self.given.get(repository, {}).get(path):
            return named
        identity = self.identities.get((repository, path))
        return as_entity_name(identity.name if identity else posixpath.basename(path) or repository)

    def environment(self, found: FoundApplication, manifests: Manifests, folder: str | None) -> str | None:
        """The environment of an Application: what it says itself, else that of what made it, else of its folder."""
        identity = self.identities.get((manifests.name, folder)) if folder is not None else None
        own, doubt = environment_of(
            found.written.words_in(folder or ""), manifests.environments, by_name=folder is not None
        )
        if found.environment and (doubt or own is None or not own.startswith(found.environment)):
            return found.environment
        return own or found.environment or (identity.environment if identity else None)


def of_application(found: FoundApplication, environment: str | None) -> str:
    """The name of the service of an Application that shares its folder with others, or has none."""
    return as_entity_name(without_environment(found.written.title, environment))
