"""Which service a unit belongs to: that of a folder with a chart, or one of its own.

A unit is named by its release or Application, without the environment, or else by its folder. Releases of one name in
several namespaces are several services, unless the namespaces just differ by environment.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping, Sequence

from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.mapping.identities import FolderPath, Identity, identify
from scenedock.catalog.vocabulary.environments import ENVIRONMENT_FOLDERS, EnvironmentNames, without_environment
from scenedock.catalog.vocabulary.formats import as_entity_name, key_in_folder
from scenedock.model.units import Unit
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class UnitService:
    """The service of a unit, by name and, where it is that of a folder, `service` as in its `Identity`."""

    name: str
    environment: str | None = None
    service: tuple[str, ...] = ()
    rival: str = ""


def identify_units(
    contents: RepositoryContents, folders: Mapping[str, Identity], remembered: Mapping[str, str]
) -> tuple[UnitService, ...]:
    """The service of each unit of a repository, whose folders' services are known by path.

    `remembered` are the names that services had before, as in a `CatalogMemory`.
    """
    if not contents.units:
        return ()
    places = _places(contents)
    own: dict[str, set[str]] = defaultdict(set)
    for unit, place in zip(contents.units, places, strict=True):
        if unit.path not in folders:
            own[place].update(filter(None, (unit.environment,)))
    paths = [FolderPath(0, place, runs_in=frozenset(environments)) for place, environments in sorted(own.items())]
    kept = {
        place: name
        for unit, place in zip(contents.units, places, strict=True)
        if (name := _remembered(unit, place, remembered))
    }
    found = identify(paths, [contents.settings.names], [contents.facts.root_name], [kept])
    by_place = {path.path: identity for path, identity in found.items()}
    by_name = {as_entity_name(each.name).lower(): each for each in folders.values()}
    services: list[UnitService] = []
    for unit, place in zip(contents.units, places, strict=True):
        joined = folders.get(unit.path)
        identity = joined or by_place[place]
        joined = joined or by_name.get(as_entity_name(identity.name).lower())
        is_open = unit.application and not unit.application.name
        environment = unit.environment if is_open else unit.environment or identity.environment
        if joined:
            services.append(UnitService(joined.name, environment, joined.service))
        else:
            services.append(UnitService(identity.name, environment, rival=identity.rival))
    return tuple(services)


def _remembered(unit: Unit, place: str, remembered: Mapping[str, str]) -> str:
    """The name that the service of a unit had before, if it is one that its place may give."""
    parts = place.split("/")
    own = remembered.get(unit.path, "").lower()
    for start in range(len(parts) - 1, -1, -1):
        name = as_entity_name("-".join(parts[start:])).lower()
        if name == own or key_in_folder(unit.path, name) in remembered:
            return name
    return ""


def _places(contents: RepositoryContents) -> list[str]:
    """For each unit a path that says what it is: `namespace/name` where several namespaces have one of this name."""
    namespaces: dict[str, dict[str, set[str | None]]] = defaultdict(lambda: defaultdict(set))
    for unit in contents.units:
        if unit.name and unit.namespace:
            namespaces[_stem(unit)][_namespace(unit)].add(unit.environment)
    apart = {stem for stem, each in namespaces.items() if _are_apart(list(each.values()))}
    folders = _folders_by_name(contents.units)
    names = contents.settings.names
    places: list[str] = []
    for unit in contents.units:
        stem = _stem(unit)
        if names.lists(stem) or stem in ENVIRONMENT_FOLDERS:
            places.append(_place_of_general(unit, stem, names))
        elif stem in apart and unit.namespace:
            places.append(f"{_namespace(unit)}/{stem}")
        elif stem and stem not in apart and len(folders[stem]) == 1:
            places.append(min(folders[stem]))
        else:
            places.append(stem or _without_holders(unit.path))
    return places


def _place_of_general(unit: Unit, stem: str, names: EnvironmentNames) -> str:
    """The place of a unit that is called like an environment, or like a folder of those: where another name is."""
    above = (_namespace(unit), _without_holders(unit.path))
    telling = next((each for each in above if each and not names.lists(posixpath.basename(each))), "")
    return posixpath.join(telling, stem) if names.lists(stem) or not telling else telling


def _without_holders(path: str) -> str:
    """A folder, or the one above it that isn't just there for folders of environments."""
    while posixpath.basename(path) in ENVIRONMENT_FOLDERS:
        path = posixpath.dirname(path)
    return path


def _folders_by_name(units: Sequence[Unit]) -> Mapping[str, set[str]]:
    """The folders that name a unit, by that name: a release called like one of them is the same service."""
    folders: dict[str, set[str]] = defaultdict(set)
    for unit in units:
        if not unit.name:
            folders[posixpath.basename(unit.path)].add(unit.path)
    return folders


def _are_apart(environments: Sequence[set[str | None]]) -> bool:
    """Whether namespaces, by the environments of what is in them, are more than those of one service."""
    return len(environments) > 1 and len(set().union(*environments) - {None}) < sum(map(len, environments))


def _stem(unit: Unit) -> str:
    return without_environment(unit.name, unit.environment)


def _namespace(unit: Unit) -> str:
    return without_environment(unit.namespace, unit.environment)
