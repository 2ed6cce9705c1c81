"""The units of Kustomize and Flux: what is deployed, whose it is, and in which environments."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from scenedock.catalog.reading.kustomize.building import Builder, Taken
from scenedock.catalog.reading.kustomize.charts import installed, is_chart_of_others
from scenedock.catalog.reading.kustomize.expanding import Expander, Occurrence
from scenedock.catalog.reading.kustomize.files import InflatedChart, resolve
from scenedock.catalog.reading.kustomize.homes import RUNNING, Homes
from scenedock.catalog.reading.kustomize.objects import KubernetesObject
from scenedock.catalog.reading.kustomize.patching import name_of
from scenedock.catalog.reading.kustomize.places import Places
from scenedock.catalog.reading.kustomize.releases import Releases
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Place
from scenedock.model.json import as_object, value_at
from scenedock.model.units import Unit, UnitImage, Written
from scenedock.structs import dataclass, field, replace

_NOTHING = frozenset({"Namespace", "Application", "ApplicationSet", "AppProject", "GitRepo"})
"""The kinds that make no unit: what they are for is one."""
NOTHING_TAKEN = "they take nothing that is in the repository"
NOT_FOLLOWED = "what they take is not followed to its end, as a finding says"
NOTHING_RUN = "they run nothing, and nothing takes them"


@dataclass(slots=True)
class _Service:
    """What is deployed from the folder of one service, by Kustomize."""

    home: str
    running: list[Occurrence] = field(default_factory=list)
    besides: list[Occurrence] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Proof:
    """An occurrence in an environment, and the file that says so, if one does."""

    each: Occurrence
    place: Place | None


class Units:
    """Finds the units among all that is deployed in one repository."""

    def __init__(self, builder: Builder, expander: Expander, places: Places) -> None:
        self._releases = Releases(builder, expander)
        self._builder = builder
        self._expander = expander
        self._places = places
        self.parts: set[str] = set()
        self.deployed_by: dict[Place, set[str]] = defaultdict(set)
        self.put_together: dict[str, set[str]] = defaultdict(set)
        self.unlisted: dict[str, set[str]] = defaultdict(set)
        self.left_over: dict[str, Place] = {}
        self._by_flux = expander.by_flux
        self._homes = Homes(builder, places)
        self._has_others = any(places.home_of(folder) for folder in self._homes.running_in)
        releases = [(each, each.one) for each in expander.occurrences if isinstance(each.one, KubernetesObject)]
        self._of_releases = [(each, one) for each, one in releases if one.is_release]
        self._release_folders = {one.folder for _, one in self._of_releases}
        self._release_roots = {each.root for each, _ in self._of_releases}
        self._release_homes = {self._home_of_release(one) for _, one in self._of_releases}

    def releases(self) -> Iterator[Unit]:
        """The HelmReleases: one for each environment that one is deployed to."""
        by_name: dict[tuple[Place, str], list[Occurrence]] = defaultdict(list)
        for each, one in self._of_releases:
            by_name[one.place, name_of(each.document)].append(each)
        for _, occurrences in sorted(by_name.items(), key=lambda item: (item[0][0].sort_key, item[0][1])):
            home = self._home_of_release(occurrences[0].one)
            by_environment: dict[str | None, list[Occurrence]] = defaultdict(list)
            for each in occurrences:
                by_environment[self._environment(each, home)[0]].append(each)
            for environment, proof in self._by_environment(occurrences, home).items():
                if unit := self._releases.unit(proof.each, home, environment):
                    yield replace(unit, variants=tuple(self._variants(unit, proof.each, by_environment[environment])))

    def _variants(self, unit: Unit, first: Occurrence, occurrences: Iterable[Occurrence]) -> Iterator[Unit]:
        """What the others of a release in the same environment say of its versions, where that is something else."""
        known = [unit]
        for each in occurrences:
            if each is first or self._is_left_over(each):
                continue
            other = self._releases.unit(each, unit.path, unit.environment)
            if other and all(_said(other) != _said(one) for one in known):
                known.append(other)
                yield other

    def folders(self) -> Iterator[Unit]:
        """The services of plain manifests: one unit for each environment that one is deployed to."""
        for service in self._services():
            mine = (*service.running, *service.besides)
            manifests = {each.one.place.path for each in mine if isinstance(each.one, KubernetesObject)}
            folders: dict[str | None, set[str]] = defaultdict(set)
            namespaces: dict[str | None, set[str]] = defaultdict(set)
            deployed: dict[str | None, list[Occurrence]] = defaultdict(list)
            for each in mine:
                environment, _ = self._environment(each, service.home)
                folders[environment].update(self._own_folders(each))
                namespaces[environment].add(each.namespace)
                deployed[environment].append(each)
                for by in each.context.kustomizations[:1]:
                    self.deployed_by[by.place].add(each.one.folder)
                for folder in each.one.chain:
                    self.put_together[folder].add(each.one.folder)
                    if (
                        environment is None
                        and not self._is_left_over(each)
                        and (name := self._places.name_of_overlay(folder))
                    ):
                        self.unlisted[name].add(service.home)
            proofs = self._by_environment(service.running or service.besides, service.home)
            in_all = {folder for environment in folders.keys() - proofs.keys() for folder in folders[environment]}
            for environment, proof in proofs.items():
                known = namespaces[environment] - {""}
                running = [each for each in service.running if self._environment(each, service.home)[0] == environment]
                unit = Unit(
                    "Flux Kustomization" if proof.each.context.kustomizations else "Kustomize folder",
                    self._places.name_beside_variants(service.home),
                    service.home,
                    proof.place or self._place_of(proof.each),
                    self._builder.name,
                    known.pop() if len(known) == 1 else "",
                    environment,
                    folders=tuple(sorted((folders[environment] | in_all) - {""})),
                    manifests=tuple(sorted(manifests)),
                    is_beside_charts=any(is_chart_of_others(each.one) for each in running),
                )
                first, *others = self._once_for_each(unit, proof.each, deployed[environment], running)
                yield replace(first, variants=tuple(others))

    def _once_for_each(
        self, unit: Unit, first: Occurrence, occurrences: Sequence[Occurrence], running: Sequence[Occurrence]
    ) -> list[Unit]:
        """A unit with its images and its chart, once for each time that it is deployed; `first` is in front."""
        mine = [each for each in occurrences if self._is_left_over(each) == self._is_left_over(first)]
        runs = set(map(id, running))
        together = _deployed_together(mine)
        images = [
            [image for each in those if isinstance(each.one, KubernetesObject) for image in each.one.images]
            for those in together
        ]
        by_repository: dict[str, list[UnitImage]] = {}
        for some in images:
            for repository in dict.fromkeys(image.repository for image in some):
                by_repository.setdefault(repository, [image for image in some if image.repository == repository])
        found: dict[str, Unit] = {}
        for those, own in zip(together, images, strict=True):
            known = {image.repository for image in own} | {image.container for image in own}
            more = [
                image
                for repository, some in by_repository.items()
                for image in some
                if repository not in known and image.container not in known
            ]
            here = [each for each in those if id(each) in runs] or those
            made = replace(
                self._with_chart(unit, here),
                roots=tuple(sorted({each.root for each in those})),
                images=tuple(dict.fromkeys((*own, *more))),
                unclear=next((each.one.unclear for each in those if each.one.unclear), ""),
            )
            said = repr((*_said(made), made.chart, made.version_at, sorted(map(repr, made.images))))
            same = found.get(said)
            found[said] = replace(same, roots=tuple(sorted({*same.roots, *made.roots}))) if same else made
        return list(found.values())

    def _with_chart(self, unit: Unit, running: Sequence[Occurrence]) -> Unit:
        """A unit with the chart from elsewhere that it installs, if it is one."""
        one, several = installed(running[0].one, [each.one for each in running], posixpath.basename(unit.path))
        chart = one.chart if isinstance(one, Taken) and one.chart and one.chart.remote else None
        if chart is None:
            return replace(unit, version_unclear=several)
        return replace(
            unit,
            chart=chart.name,
            value_files=tuple(self._value_files(one, chart)),
            values=chart.values,
            version="" if several else chart.version,
            version_unclear=several,
            is_beside_charts=False,
            version_at=Written(one.place, ("helmCharts", chart.number, "version")),
        )

    def _value_files(self, one: KubernetesObject | Taken, chart: InflatedChart) -> Iterator[str]:
        """The values files of a chart that a kustomization installs."""
        paths = (resolve(one.folder, name) for name in chart.values_files)
        return (path for path in paths if path is not None and path in self._builder.paths)

    def _place_of(self, each: Occurrence) -> Place:
        """Where a person would look for something: the kustomization that takes it."""
        taken_by = self._builder.kustomizations.get(each.one.folder)
        return taken_by.place if taken_by else each.one.place

    def _home_of_overlay(self, root: str) -> str:
        """The folder of what a root is an overlay of, by its path alone; empty where there is none, or of a release."""
        home = "" if root in self._release_roots else self._places.home_of(root)
        return home if home and root.startswith((f"{home}/overlays/", f"{home}/overlay/")) else ""

    def _home_of_release(self, one: KubernetesObject | Taken) -> str:
        folder = posixpath.dirname(one.place.path)
        return self._places.home_of(folder) or folder

    def _services(self) -> list[_Service]:
        """Who runs something; besides, roots that only configure something, unless it is part of who runs."""
        by_root: dict[str, list[Occurrence]] = defaultdict(list)
        for each in self._expander.occurrences:
            if self._counts(each):
                by_root[each.root].append(each)
        services: dict[str, _Service] = {}
        for occurrences in by_root.values():
            for each in filter(_runs, occurrences):
                home = self._homes.of(_folder(each)) or self._root_of(_folder(each))
                services.setdefault(home, _Service(home)).running.append(each)
        services = self._without_parts(services)
        idle: list[tuple[str, list[Occurrence]]] = []
        others: dict[str, list[Occurrence]] = defaultdict(list)
        for root, occurrences in by_root.items():
            besides = [each for each in occurrences if not _runs(each)]
            if len(besides) == len(occurrences) and root not in self._release_roots:
                idle.append((root, occurrences))
                continue
            for each in besides:
                home = self._homes.of(_folder(each))
                others[home if home in services else self._home_of_overlay(root)].append(each)
        self._add_idle(services, idle)
        for home, besides in others.items():
            if home or home in services:
                services.setdefault(home, _Service(home)).besides.extend(besides)
        return [services[home] for home in sorted(services)]

    def _without_parts(self, services: dict[str, _Service]) -> dict[str, _Service]:
        """The services, each with what lies in its folder and runs no workload: a Service, or what is elsewhere.

        What runs in the folder of a HelmRelease is a part of this, and so is what lies below and is deployed with it.
        """
        for home in list(services):
            with_release = all(each.root in self._release_roots for each in services[home].running)
            around = {home, *folders_above(home)} if with_release else {home}
            if not self._release_homes.isdisjoint(around):
                self._note_part(services.pop(home).running)
        whole = {home: each for home, each in services.items() if any(map(_is_workload, each.running))}
        for home, each in services.items():
            if home not in whole:
                holder = next((above for above in reversed(folders_above(home)) if above in whole), None)
                if holder is None:
                    whole[home] = each
                else:
                    whole[holder].besides += each.running
        return whole

    def _add_idle(self, services: dict[str, _Service], idle: Sequence[tuple[str, list[Occurrence]]]) -> None:
        """Roots that only configure something: parts of a service in whose folder they are, else of their own.

        A folder that holds services isn't one itself, unless it has layers of its own; nor is a base that nothing
        takes, or what Flux doesn't deploy where it deploys other folders.
        """
        homes = {*services, *self._release_homes}
        above = {folder for home in homes for folder in (*folders_above(home), home)}
        for root, occurrences in idle:
            home = self._home_of_idle(root, occurrences)
            is_part = any(folder in homes for folder in folders_above(f"{home}/"))
            if home in services:
                services[home].besides.extend(occurrences)
            elif home and (is_part or (home in above and not self._places.is_layer(home, root))):
                self._note_part(occurrences)
            elif home and not (
                _is_base(root) or _is_base(home) or (self._by_flux and not _deployed_by_flux(occurrences))
            ):
                services.setdefault(home, _Service(home)).besides.extend(occurrences)

    def _note_part(self, occurrences: Iterable[Occurrence]) -> None:
        self.parts.update(folder for each in occurrences for folder in (each.root, *each.chain))

    def _counts(self, each: Occurrence) -> bool:
        """Whether something may be a unit, or a part of one: not what Flux, Argo CD or shared components bring."""
        if isinstance(each.one, Taken) or each.one.is_release:
            return isinstance(each.one, Taken)
        is_shared = each.one.folder in self._builder.shared_folders
        labels = as_object(value_at(each.one.document, ("metadata", "labels")))
        is_other = each.one.is_flux or each.one.kind in _NOTHING or labels.get("app.kubernetes.io/part-of") == "flux"
        return not (is_shared or is_other or each.one.folder in self._release_folders)

    def _home_of_idle(self, root: str, occurrences: Sequence[Occurrence]) -> str:
        homes = {self._homes.of(_folder(each)) for each in occurrences}
        home = homes.pop() if len(homes) == 1 else self._homes.of(root)
        if "/base/" in home:
            home = self._places.home_of(home.partition("/base/")[0]) or home
        return home or (root if occurrences[0].context.kustomizations else "")

    def _root_of(self, folder: str) -> str:
        """The folder of a service whose path names none: the repository's root, where that holds nothing else."""
        first = folder.partition("/")[0]
        is_shared = first in {"base", "bases", "overlays"} or not self._release_homes.isdisjoint({"", first})
        return first if self._has_others and not is_shared else ""

    def _own_folders(self, each: Occurrence) -> Iterator[str]:
        """The folders that something is made of: its own, and those that take nothing besides that runs."""
        yield each.one.folder
        home = self._homes.of(_folder(each))
        for folder in each.one.chain:
            if folder in self._builder.kustomizations and self._homes.running_from(folder) <= {home}:
                yield folder

    def _environment(self, each: Occurrence, home: str) -> tuple[str | None, Place | None]:
        """The environment that something is deployed to, and what says so: Flux's words, else the names of folders.

        What nothing deploys has none, whatever its folders are called.
        """
        if each.context.environment:
            return each.context.environment, each.context.kustomizations[0].place
        if self._is_left_over(each):
            return None, None
        for folder in each.chain:
            if environment := self._places.environment_of(folder, home):
                one = self._builder.kustomizations.get(folder)
                return environment, one.place if one else None
        return self._places.environment_of(posixpath.dirname(home)), None

    def _is_left_over(self, each: Occurrence) -> bool:
        """Whether nothing in the repository deploys something, where Flux deploys other folders."""
        return self._by_flux and self._expander.is_beside_flux(each)

    def _by_environment(self, occurrences: Sequence[Occurrence], home: str) -> dict[str | None, _Proof]:
        """One occurrence for each environment; one that no environment is known of only where all are such."""
        found: dict[str | None, _Proof] = {}
        if all(map(self._is_left_over, occurrences)):
            self.left_over[home] = occurrences[0].one.place
        for each in sorted(occurrences, key=self._is_left_over):
            environment, place = self._environment(each, home)
            found.setdefault(environment, _Proof(each, place))
        if len(found) > 1:
            found.pop(None, None)
        return dict(sorted(found.items(), key=lambda item: item[0] or ""))

    def reason_against(self, folder: str) -> str:
        """Why a folder that nothing takes is no service; empty where what it makes is for Flux or Argo CD."""
        result = self._builder.folder(folder)
        if folder in self._builder.incomplete:
            return NOT_FOLLOWED
        if not result.objects and not result.taken:
            return NOTHING_TAKEN
        objects = [one for one in result.objects if one.kind not in _NOTHING]
        is_idle = not self._homes.running_in[folder] and not any(one.is_flux for one in objects)
        return NOTHING_RUN if objects and is_idle else ""


def _said(unit: Unit) -> tuple[object, ...]:
    """All that a unit says of versions."""
    return unit.version, unit.version_unclear, unit.unclear, unit.value_files, unit.values_at, unit.values


def _deployed_together(occurrences: Iterable[Occurrence]) -> list[list[Occurrence]]:
    """What is deployed of a service, apart where the same object, image, or chart is deployed once more."""
    times: dict[tuple[object, ...], int] = defaultdict(int)
    parts: dict[tuple[object, ...], list[Occurrence]] = defaultdict(list)
    for each in occurrences:
        by = each.root, *(one.place for one in each.context.kustomizations)
        same = (*by, *_object_of(each))
        parts[*by, times[same]].append(each)
        times[same] += 1
    taken: dict[tuple[object, ...], int] = defaultdict(int)
    found: dict[int, list[Occurrence]] = defaultdict(list)
    for part in parts.values():
        things = {thing for each in part for thing in _things_in(each)}
        number = max((taken[thing] for thing in things), default=0)
        taken.update(dict.fromkeys(things, number + 1))
        found[number] += part
    return list(found.values())


def _object_of(each: Occurrence) -> tuple[object, ...]:
    if isinstance(each.one, Taken):
        return each.one.place, each.one.remote, each.one.chart.number if each.one.chart else None
    return each.one.place, each.one.kind, each.one.name


def _things_in(each: Occurrence) -> Iterator[tuple[object, ...]]:
    """What something runs: the object and its images, or the chart."""
    if isinstance(each.one, Taken):
        if each.one.chart:
            yield "chart", each.one.chart.name
    elif each.one.images:
        yield _object_of(each)
        yield from (("image", image.repository) for image in each.one.images)


def _is_workload(each: Occurrence) -> bool:
    if isinstance(each.one, Taken):
        return each.one.chart is not None
    return each.one.kind in RUNNING - {"Service", "Ingress"}


def _runs(each: Occurrence) -> bool:
    """Whether something runs by itself: a workload, a chart, or a base from elsewhere, which may have any."""
    return isinstance(each.one, Taken) or each.one.kind in RUNNING


def _folder(each: Occurrence) -> str:
    """The folder that says whose something is: that of its file, where its kustomization takes that from elsewhere."""
    folder = posixpath.dirname(each.one.place.path)
    if isinstance(each.one, Taken) or not each.one.folder or f"{folder}/".startswith(f"{each.one.folder}/"):
        return each.one.folder
    return folder


def _deployed_by_flux(occurrences: Iterable[Occurrence]) -> bool:
    return any(each.context.kustomizations for each in occurrences)


def _is_base(folder: str) -> bool:
    """Whether a folder is one that others are meant to take."""
    return not {"base", "bases"}.isdisjoint(folder.split("/"))
