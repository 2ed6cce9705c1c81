"""Argo CD Applications as units: of a chart from elsewhere, or of a folder of this run without a chart."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from scenedock.catalog.reading.argo.written import (
    WrittenApplication,
    folder_at,
    literal,
)
from scenedock.catalog.reading.sources import Manifests, Repositories
from scenedock.catalog.vocabulary.environments import VALUES_FOLDERS, without_environment
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import DocumentError, read_document
from scenedock.model.finding import Place
from scenedock.model.helm import CHART_FILE, Application
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field, replace

_YAML = (".yaml", ".yml")
_CHART_FOLDERS = frozenset({"chart", "charts", "helm"})


@dataclass(frozen=True, slots=True)
class UnitMaker:
    """Makes units of the Applications in one repository; `manifests` are the files of folders that it has looked at."""

    repositories: Repositories
    manifests: dict[tuple[str, str, bool], tuple[str, ...]] = field(default_factory=dict)

    def home_of(self, written: WrittenApplication, place: Place) -> tuple[Manifests, str]:
        """Where an Application is at home: in a folder that it deploys or takes values from, else in its manifest's.

        Of several, the one that has its name, else the last: files that many share come first.
        """
        folders = [(repository, _without_values(path)) for repository, path in written.folders(self.repositories)]
        named = [folder for folder in folders if posixpath.basename(folder[1]) in f"-{written.title}-".split("-")]
        here = self.repositories.here, posixpath.dirname(place.path)
        return next(iter(named), next(reversed(folders), here))

    def of_chart(self, written: WrittenApplication, name: str, environment: str | None, place: Place) -> Unit | None:
        """The unit of an Application whose chart comes from elsewhere; None for any other."""
        found = next(((each, chart) for each in written.sources if (chart := self._chart_of(each))), None)
        if found is None:
            return None
        source, chart = found
        repository, path = self.home_of(written, place)
        taken = written.values_taken(self.repositories)
        return Unit(
            "Argo CD Application",
            name,
            path,
            place,
            repository.name,
            written.namespace,
            environment,
            chart,
            folders=tuple(self._folders_here(written, repository)),
            value_files=tuple(file for of, file in taken if of is repository),
            values=_inline_values(as_object(source.get("helm"))),
            application=_application(written, path, repository, environment, place),
        )

    def of_folders(
        self, written: WrittenApplication, name: str, environment: str | None, place: Place
    ) -> Iterator[Unit]:
        """The units of the folders without a chart that an Application deploys."""
        for source in written.sources:
            text, repository = literal(as_text(source.get("path"))), self.repositories.of(source)
            if not text or repository is None or source.get("chart") or not (path := folder_at(text)):
                continue
            recurse = as_object(source.get("directory")).get("recurse") is True
            if files := self._manifests_in(repository, path, recurse=recurse):
                yield Unit(
                    "Argo CD Application",
                    name,
                    path,
                    place,
                    repository.name,
                    written.namespace,
                    environment,
                    folders=(path,),
                    manifests=files,
                    application=_application(written, path, repository, environment, place),
                )

    def _manifests_in(self, repository: Manifests, folder: str, *, recurse: bool) -> tuple[str, ...]:
        """The YAML files that an Application of a folder deploys; none of a chart's."""
        key = repository.name, folder, recurse
        if key not in self.manifests:
            found = () if repository.has(f"{folder}/{CHART_FILE}") else repository.below(folder)
            self.manifests[key] = tuple(
                path for path in found if path.endswith(_YAML) and (recurse or "/" not in path[len(folder) + 1 :])
            )
        return self.manifests[key]

    def _folders_here(self, written: WrittenApplication, repository: Manifests) -> Iterator[str]:
        """The folders without a chart that an Application deploys besides its chart."""
        for source in written.sources:
            path = folder_at(literal(as_text(source.get("path"))))
            if path and not source.get("ref") and self.repositories.of(source) is repository:
                yield path

    def chart_of(self, written: WrittenApplication) -> str:
        """The name of the chart from elsewhere that an Application deploys; empty without one."""
        return next(filter(None, map(self._chart_of, written.sources)), "")

    def _chart_of(self, source: JsonObject) -> str:
        """The name of the chart from elsewhere that a source deploys: of a registry, or of a folder that isn't here."""
        if chart := literal(as_text(source.get("chart"))):
            return posixpath.basename(chart)
        path = folder_at(literal(as_text(source.get("path"))))
        is_chart = source.get("helm") or not _CHART_FOLDERS.isdisjoint(path.split("/"))
        # A folder that is here, too, may well be meant by another address of this repository.
        if path and is_chart and self.repositories.of(source) is None and path not in self.repositories.here.charts:
            return posixpath.basename(path)
        return ""


def _without_values(folder: str) -> str:
    """The folder whose values lie in one: `apps/billing` of `apps/billing/values`."""
    above, name = posixpath.split(folder)
    return above if above and name in VALUES_FOLDERS | _CHART_FOLDERS else folder


def settled(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """The units, each at home where its service is: a folder of values that several services share is nobody's."""
    units = tuple(units)
    sharing: dict[tuple[str, str], set[str]] = {}
    for unit in units:
        names = sharing.setdefault((unit.repository, unit.path), set())
        names.add(without_environment(unit.name, unit.environment))
    return tuple(
        _at_its_manifest(unit) if unit.chart and len(sharing[unit.repository, unit.path]) > 1 else unit
        for unit in units
    )


def _at_its_manifest(unit: Unit) -> Unit:
    repository, path = unit.place.repository, posixpath.dirname(unit.place.path)
    files = unit.value_files if unit.repository == repository else ()
    return replace(unit, repository=repository, path=path, value_files=files)


def _application(
    written: WrittenApplication, path: str, repository: Manifests, environment: str | None, place: Place
) -> Application:
    return Application(
        written.name,
        path,
        written.namespace,
        environment,
        written.labels,
        repository.name,
        place=place,
        parameters=written.parameters,
    )


def _inline_values(helm: JsonObject) -> JsonObject:
    """The values in the manifest itself: as text, as an object, and single parameters."""
    values: JsonObject = {}
    if text := literal(as_text(helm.get("values"))):
        try:
            values = as_object(read_document(text.encode()).value)
        except DocumentError:
            values = {}
    values = merge_values(values, as_object(helm.get("valuesObject")))
    for parameter in map(as_object, as_list(helm.get("parameters"))):
        if name := literal(as_text(parameter.get("name"))):
            values = merge_values(values, as_object(_nested(name.split("."), parameter.get("value"))))
    return values


def _nested(keys: list[str], value: Json) -> Json:
    for key in reversed(keys):
        value = {key: value}
    return value
