"""Where units are at home: which of them settings leave out, and what is read of their folders."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scenedock.catalog.reading.handwritten import ENTITY_FILES
from scenedock.catalog.reading.plan import Plan, PlannedFolder, reason_as_skeleton, reason_in_name
from scenedock.catalog.vocabulary.environments import CONTAINERS, without_environment
from scenedock.catalog.vocabulary.globs import matches
from scenedock.catalog.vocabulary.settings import CatalogSettings
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Place
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Homes:
    """The folders in which units are at home, each with its units, and what is read of them and of all other folders.

    `alone` are those in which nothing else is, `plain` those of plain manifests that are folders of no unit, or are
    included by settings. `left_out` says of all other units, by place and name, why they are.
    """

    units: Mapping[str, tuple[Unit, ...]] = field(default_factory=dict)
    alone: tuple[PlannedFolder, ...] = ()
    plain: tuple[PlannedFolder, ...] = ()
    left_out: Mapping[tuple[Place, str], str] = field(default_factory=dict)


def find_homes(units: Iterable[Unit], settings: CatalogSettings, plan: Plan, files: Iterable[str]) -> Homes:
    """The homes of the units of one repository, whose sorted `files` are those that can be read."""
    units = tuple(units)
    if not units:
        return Homes(plain=plan.plain)
    charts = {planned.path for planned in plan.charts}
    homes: dict[str, list[Unit]] = defaultdict(list)
    left_out: dict[tuple[Place, str], str] = {}
    listed = {app_list.file for app_list in settings.apps}
    for unit in _deployed_once((each for each in units if each.place.path not in listed), plan):
        path = next((folder for folder in (unit.path, *unit.folders) if folder in charts), unit.path)
        if path not in charts and (reason := _reason_to_leave_out(unit, settings, plan.skeletons)):
            left_out[unit.place, unit.name] = reason
        else:
            homes[path].append(replace(unit, path=path))
    parts = {folder for path in homes for unit in homes[path] for folder in unit.folders if folder != path}
    parts |= {folder for path in homes for folder in folders_above(path)}
    plain = tuple(each for each in plan.plain if each.path not in parts and (each.included or each.path not in homes))
    read_anyway = charts | {each.path for each in plain}
    others, inside = sorted(read_anyway | homes.keys()), tuple(files)
    alone = (_planned(path, homes[path], others, inside) for path in sorted(homes) if path not in read_anyway)
    return Homes({path: tuple(homes[path]) for path in sorted(homes)}, tuple(alone), plain, left_out)


def _deployed_once(units: Iterable[Unit], plan: Plan) -> Iterator[Unit]:
    """The units, without Applications of folders that something else says more of.

    Applications of a folder that another tool's unit is made of are that unit's; if one deploys a chart from elsewhere,
    too, that unit is the Application's. One of a folder of plain manifests beside charts says where this runs, and one
    of a folder that holds others' folders deploys these, and so does one of a kustomization that takes these.
    """
    units = _with_their_kustomizations(tuple(units))
    of_folders = [unit for unit in units if unit.application and not unit.chart]
    of_charts = [unit for unit in units if unit.application and unit.chart]
    others: list[Unit | None] = [unit for unit in units if not unit.application]
    made_of = _numbers_by([other.folders if other else () for other in others])
    taken_by = _numbers_by([_all_roots(other) if other else () for other in others])
    spoken_for = _spoken_for(units, plan)
    deploying: dict[int, list[Unit]] = defaultdict(list)
    above: dict[int, list[Unit]] = defaultdict(list)
    for unit in of_folders:
        numbers = made_of.get(unit.path, ())
        if len(numbers) == 1:
            deploying[numbers[0]].append(unit)
            continue
        for number in taken_by.get(unit.path, ()):
            above[number].append(unit)
        if not numbers and unit.manifests and unit.path not in spoken_for:
            yield unit
    for number in dict.fromkeys((*deploying, *above)):
        if other := others[number]:
            others[number], *more = _deployed_by(deploying.get(number, ()), above.get(number, ()), other)
            yield from more
    for unit in of_charts:
        besides = [number for folder in unit.folders for number in made_of.get(folder, ())]
        if len(besides) == 1 and (other := others[besides[0]]) and not other.chart:
            others[besides[0]] = None
            yield replace(unit, folders=(*unit.folders, *other.folders), manifests=(*unit.manifests, *other.manifests))
        else:
            yield unit
    yield from filter(None, others)


def _spoken_for(units: Iterable[Unit], plan: Plan) -> set[str]:
    """The folders of plain manifests that are read anyway, and those that hold others' folders."""
    plain = {planned.path for planned in plan.plain if not planned.included}
    deployed = (*(planned.path for planned in plan.charts), *(unit.path for unit in units))
    return plain.union(*map(folders_above, deployed))


def _numbers_by(folders: Iterable[Iterable[str]]) -> dict[str, list[int]]:
    """The numbers of those that each folder is one of."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, those in enumerate(folders):
        for folder in those:
            numbers[folder].append(number)
    return numbers


def _with_their_kustomizations(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """The units, those of Kustomize in the folder of a bundle as a part of the bundle, which deploys them."""
    bundles = {folder for unit in units if unit.kind == "Fleet bundle" for folder in unit.folders}
    parts: dict[str, list[Unit]] = defaultdict(list)
    rest: list[Unit] = []
    for unit in units:
        inside = (each for folder in unit.folders for each in (*folders_above(folder), folder) if each in bundles)
        bundle = next(inside, None) if unit.kind == "Kustomize folder" else None
        (rest if bundle is None else parts[bundle]).append(unit)
    return tuple(
        replace(
            unit,
            folders=tuple(dict.fromkeys((*unit.folders, *(folder for part in mine for folder in part.folders)))),
            manifests=tuple(dict.fromkeys((*unit.manifests, *(file for part in mine for file in part.manifests)))),
        )
        if unit.kind == "Fleet bundle" and (mine := [part for folder in unit.folders for part in parts[folder]])
        else unit
        for unit in rest
    )


def _all_roots(unit: Unit) -> set[str]:
    return {root for each in (unit, *unit.variants) for root in each.roots}


def _deployed_by(applications: Sequence[Unit], above: Sequence[Unit], unit: Unit) -> list[Unit]:
    """A unit that Applications deploy, which say where it runs, and its name where the folder says none.

    Once for each environment; those of no environment count where there are no others. Each of the Applications is a
    deployment of its own, also those `above`, which deploy it with others.
    """
    says_nothing = not unit.path or posixpath.basename(unit.path) in CONTAINERS - {"argocd"}
    found: dict[str | None, list[Unit]] = {}
    left = [unit, *unit.variants]
    for application in applications:
        environment = unit.environment or application.environment
        for each in _taken_by(application, unit):
            left = [one for one in left if one is not each]
            made = replace(
                each,
                name=application.name if says_nothing and not unit.name else unit.name,
                application=application.application,
                namespace=application.namespace or unit.namespace,
                environment=environment,
                unclear=each.unclear or _changed_above(application, each),
            )
            found.setdefault(environment, []).append(made)
    for application in above:
        environment = application.environment if application.environment in found else unit.environment
        for each in _taken_by(application, unit):
            left = [one for one in left if one is not each]
            made = replace(each, above=tuple(filter(None, (application.application,))), environment=environment)
            found.setdefault(environment, []).append(made)
    if left:
        found.setdefault(unit.environment, []).extend(left)
    if len(found) > 1:
        found.pop(None, None)
    return [
        replace(first, variants=tuple(replace(each, variants=()) for each in others))
        for first, *others in found.values()
    ]


def _taken_by(application: Unit, unit: Unit) -> list[Unit]:
    """What of a unit an Application deploys: where its folder is a root, what this takes; else, it may be any."""
    all_of = [unit, *unit.variants]
    return [each for each in all_of if application.path in each.roots] or all_of


def _changed_above(application: Unit, unit: Unit) -> str:
    """Why the images of a unit may not be those that an Application of its folder deploys; empty where they are."""
    if not unit.roots or application.path in unit.roots:
        return ""
    changed = (
        image.written.place for image in unit.images if posixpath.dirname(image.written.place.path) in unit.roots
    )
    place = next(changed, None)
    return f"its Application deploys {application.path} without what {place.path} changes" if place else ""


def _planned(path: str, units: Sequence[Unit], others: Sequence[str], files: Sequence[str]) -> PlannedFolder:
    """What is read of a folder in which only units are at home.

    All of it, where it is that of one service and holds none of the `others` that are read; else, just the files that
    its units name, and what people wrote of them.
    """
    manifests = {id(unit.manifests): unit.manifests for unit in units}.values()  # most units share theirs
    named = dict.fromkeys(file for files in (*(unit.value_files for unit in units), *manifests) for file in files)
    names = [posixpath.relpath(file, path or ".") for file in named if next(_below(file, files), "") == file]
    is_own = len({without_environment(unit.name, unit.environment) for unit in units}) == 1
    if path and is_own and not any(_below(f"{path}/", others)):
        names.extend(file[len(path) + 1 :] for file in _below(f"{path}/", files))
    elif path:
        names.extend(name for name in ENTITY_FILES if next(_below(f"{path}/{name}", files), "") == f"{path}/{name}")
    return PlannedFolder(path, tuple(dict.fromkeys(names)), included=True)


def _below(beginning: str, paths: Sequence[str]) -> Iterator[str]:
    """Those of the sorted paths that begin so."""
    for number in range(bisect_left(paths, beginning), len(paths)):
        if not paths[number].startswith(beginning):
            return
        yield paths[number]


def _reason_to_leave_out(unit: Unit, settings: CatalogSettings, skeletons: frozenset[str]) -> str:
    """Why settings, or the names of its folders, leave a unit out; an empty string if they don't."""
    folders = {unit.path, *unit.folders}
    if unit.place.repository == unit.repository:
        folders.add(posixpath.dirname(unit.place.path))
    folders |= {above for folder in folders for above in folders_above(folder)}
    if any(matches(folder, settings.exclude) for folder in folders):
        return "excluded by settings"
    if settings.include:
        return (
            "" if any(matches(each, settings.include) for each in folders) else "settings don't include their folders"
        )
    return (reason_in_name(unit.path.split("/")) if unit.path else "") or next(
        filter(None, (reason_as_skeleton(folder, skeletons) for folder in folders)), ""
    )
