"""What may say a deployment's version, read with lines: values files in Helm's order, Chart.yaml, files of tags."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import dropwhile
from typing import TypeAlias

from scenedock.catalog.mapping.deployments import Deployment
from scenedock.catalog.mapping.services import Member
from scenedock.catalog.reading.app_lists import items_in
from scenedock.documents.reading import Document
from scenedock.model.helm import Application, HelmFolder, ListItem
from scenedock.model.json import Json, as_object
from scenedock.model.units import TEMPLATE, Unit
from scenedock.releases.deployed import ChartVersions, Deployed, Layer, TagFile
from scenedock.releases.images import Keys
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.releases.reading.app_of_apps import template_layers
from scenedock.usecases.releases.reading.argo_charts import ChartSource, chart_sources, own_source, versions_in
from scenedock.usecases.releases.reading.argo_files import all_value_files, named_value_files
from scenedock.usecases.releases.reading.argo_values import (
    KUSTOMIZE_IMAGES,
    application_layers,
    override_paths,
)
from scenedock.usecases.releases.reading.chart_facts import ChartReader
from scenedock.usecases.releases.reading.helmfile_values import value_template_layers
from scenedock.usecases.releases.reading.pairs import Pair
from scenedock.usecases.releases.reading.read_files import ReadFiles
from scenedock.usecases.releases.reading.tag_files import TagFiles
from scenedock.usecases.releases.reading.unit_layers import UnitLayers, files_of_unit

_PRODUCT = "third-party"
_USUAL_BRANCHES = ("main", "master")
"""What the default branch may be called where nothing says its name."""
_VALUES_OF_ITEMS = ("helmValues", "values")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

FileKey: TypeAlias = tuple[str, str]
"""The name of a repository, and the path of a file in it."""


@dataclass(frozen=True, slots=True)
class _Said:
    """The layers of a deployment, the paths of those that are its environment's, and what a tool installs."""

    layers: list[Layer]
    particular: set[str]
    chart: ChartVersions | None = None


@dataclass(slots=True)
class VersionReader:
    """Reads what one repository says of versions; each file once. `read` gives the bytes of a file.

    `libraries` are the folders of library charts: values under their keys are those of the chart that uses them.
    `files` are those that settings may name: a path that somebody wrote could lead out of the repository. `others` read
    the files of other repositories, by their names: Applications may be there. `ref` is what of the repository is read.
    `known` are documents that somebody has read already, `here` are its files as they are read.
    """

    read: Callable[[str], bytes]
    files: Collection[str] = ()
    libraries: Collection[str] = ()
    others: Mapping[str, Callable[[str], bytes]] = field(default_factory=dict)
    ref: str = "HEAD"
    known: dict[str, Document] = field(default_factory=dict)
    _depends_on_ref: bool = False
    here: ReadFiles = field(init=False)
    _charts: ChartReader = field(init=False)
    _elsewhere: dict[str, ReadFiles] = field(default_factory=dict)
    _items: dict[str, Mapping[str, tuple[Keys, Json]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.here = ReadFiles(self.read, self.known)
        self._charts = ChartReader(self.here.document, self.here.data, self.libraries, self.here.seen)

    def of_another_time(self, read: Callable[[str], bytes]) -> VersionReader:
        """A reader of the same repository whose files have other contents."""
        return VersionReader(read, self.files, self.libraries, self.others, self.ref)

    def forget(self, paths: Iterable[str]) -> None:
        """Read some files again when they are needed: they have changed."""
        self._charts.forget()
        for path in paths:
            self.here.forget(path)
            self._items.pop(path, None)

    def deployed_with_files(self, pair: Pair) -> tuple[Deployed, frozenset[FileKey], bool]:
        """What its files say, all files that it was read from, also those that aren't there, and whether it lasts.

        It lasts as long as these files if each could be read, and it doesn't depend on which commit is read.
        """
        deployed = self.deployed(pair)
        readers = {pair.repository: self.here, **self._elsewhere}
        lasts = not self._depends_on_ref and all(each.seen.isdisjoint(each.unread) for each in readers.values())
        return deployed, frozenset((name, path) for name, reader in readers.items() for path in reader.seen), lasts

    def deployed(self, pair: Pair) -> Deployed:
        """What its files say of a service in an environment, once for each of its deployments there."""
        for one in (self.here, *self._elsewhere.values()):
            one.seen.clear()
        self._depends_on_ref = False
        found = self._deployed(pair)
        if not pair.others:
            return found
        others = [self._deployed(replace(pair, deployment=each)) for each in pair.others]
        return replace(found, others=tuple(others))

    def _deployed(self, pair: Pair) -> Deployed:
        """What its files say of one deployment."""
        each, member, deployment = pair.each, pair.member, pair.deployment
        item, application, unit = deployment.item, deployment.application, deployment.unit
        folder = member.folder_of(deployment) or _chart_of(member, item)
        own = pair.names | _names_of_item(item) if item else pair.names
        facts = self._charts.of(member.contents, folder, own)
        files = self._files_of(folder, member, deployment) if folder else ()
        said = _Said(self.here.layers(files), set(files).difference(facts.files))
        if item or application or unit:
            said = self._said_by_tools(pair, files, said)
        tag_file = self._tag_file(pair)
        if tag_file and "{environment}" in member.contents.settings.versions.file:
            said.particular.add(tag_file.path)
        return Deployed(
            service=each.service.name,
            environment=deployment.environment,
            repository=member.contents.facts.name,
            names=own,
            layers=tuple(said.layers),
            defaults=(*facts.defaults, *self.here.layers((unit.chart_values,)))
            if unit and unit.chart_values
            else facts.defaults,
            libraries=facts.libraries,
            own_files=frozenset(said.particular),
            foreign=facts.foreign,
            wrapped=facts.wrapped,
            shared_tags=self._charts.shared_tags(facts, said.layers),
            is_umbrella=each.main.kind == "System",
            is_product=unit is not None and each.main.spec.get("type") == _PRODUCT,
            is_beside_charts=unit is not None and unit.is_beside_charts,
            is_app_of_apps=facts.is_app_of_apps,
            runs_nothing=facts.runs_nothing,
            chart=facts.chart or said.chart,
            tag_file=tag_file,
            release=application.name if application else each.service.name,
            namespace=application.namespace if application else "",
        )

    def _files_of(self, folder: HelmFolder, member: Member, deployment: Deployment) -> Collection[str]:
        """The values files of a folder in an environment; of a chart with an Application, its own and what that names.

        They are in its order; it may name others besides.
        """
        files, application = folder.files_of(deployment.environment), deployment.application
        if folder.chart is None or application is None or not application.place.path or deployment.item:
            return files
        reader, _ = self._reader_of(application.place.repository, member)
        named = all_value_files(application, reader.documents(application.place.path), reader.document)
        if named is None or (named and application.path != folder.path):
            return files
        own = [each for each in files if each == folder.at("values.yaml")]
        return [*own, *(each for each in named if each in files)]

    def _said_by_tools(self, pair: Pair, files: Collection[str], said: _Said) -> _Said:
        """What tools that deploy it say besides the values files of its folder."""
        member, deployment, unit = pair.member, pair.deployment, pair.deployment.unit
        layers, particular = [*said.layers], set(said.particular)
        sources = self._chart_sources(member, deployment)
        installed = own_source(sources, pair.names)
        if unit and unit.value_templates:
            layers += self._layers_of_helmfile(unit, files)
        elif unit:
            more = [*dropwhile(lambda path: path in files, unit.value_files)]
            of_others = len(sources) > 1 and [
                path for path in more if not (installed and path in installed.value_files)
            ]
            layers += self.here.layers([path for path in more if path not in (of_others or ())])
        written: tuple[Layer, ...] = ()
        if deployment.item or deployment.application:
            written = tuple(self._layers_of_template(member, deployment.item))
            of_item = tuple(self._layer_of_item(deployment.item))
            is_clear = len(sources) < 2 or installed is not None
            chart = installed.name if installed else unit.chart if unit and not unit.version_at else ""
            of_application = tuple(self._layers_of_application(pair, chart, files)) if is_clear else ()
            layers += [*of_item, *written, *of_application]
            known = {each.environment or "" for each in member.deployments}
            is_own = partial(_is_of, deployment.environment or "", known)
            of_others = [each.path for each in of_application if each.is_file and not is_own(each.path)]
            own = (each for each in (*of_item, *of_application) if each not in written)
            particular |= _paths_here(each for each in own if each.path not in of_others)
        if particular and written and deployment.item:
            particular.add(deployment.item.list_path)
        for application in unit.above if unit else ():
            layers += self._layers_of_manifest(member, application, "")
        versions = versions_in([installed] if installed else sources)
        if unit:
            of_unit = UnitLayers(unit, self.here.documents)
            changes = [each for each in layers if each.shape == KUSTOMIZE_IMAGES] if unit.images else []
            hiding = [each for each in layers if each.unreadable and not (each.is_file or each.open_at)]
            layers = [each for each in layers if each not in (*changes, *hiding)]
            layers += [*of_unit.layers_of_values(), *of_unit.layers_of_images(changes), *hiding, *of_unit.unclear()]
            others = (one for one in member.units if one.environment != unit.environment)
            shared = {path for one in others for path in files_of_unit(one)}
            manifest = {versions.path} if versions and not versions.elsewhere else set()
            particular |= (_paths_here(layers) | manifest) - shared if unit.environment else set()
            versions = versions or of_unit.chart()
        return _Said(layers, particular, versions)

    def _tag_file(self, pair: Pair) -> TagFile | None:
        """The file that settings name for its version."""
        setting, deployment = pair.member.contents.settings.versions, pair.deployment
        if not setting.file:
            return None
        slug = deployment.item.slug if deployment.item else ""
        names = (pair.each.service.name, posixpath.basename(deployment.folder), posixpath.basename(slug))
        return TagFiles(setting, self.files, self.here.bytes_of, self.here.document).of(deployment.environment, names)

    def _layers_of_helmfile(self, unit: Unit, files: Collection[str]) -> Iterator[Layer]:
        """The values files of a helmfile's release, some of which are templates."""
        state = tuple(self.here.layers(unit.state_files))
        for path in unit.value_templates:
            if path.endswith(TEMPLATE):
                yield from value_template_layers(path, self.here.data(path), unit.environment, unit.name, state)
            elif path not in files:
                yield from self.here.layers((path,))

    def _layer_of_item(self, item: ListItem | None) -> Iterator[Layer]:
        """The values that an app list has for an item: those under `helmValues` or `values`, else the item itself."""
        if item is None:
            return
        document = self.here.document(item.list_path)
        if item.list_path not in self._items:
            self._items[item.list_path] = items_in(document.value)
        found = self._items[item.list_path].get(item.key)
        if found is None:
            return
        at, value = found
        key = next((key for key in _VALUES_OF_ITEMS if isinstance(as_object(value).get(key), dict)), None)
        root: Keys = at if key is None else (*at, key)
        values = as_object(value) if key is None else as_object(as_object(value)[key])
        lines, spots = document.lines_below(root), Spot(root, document.number).below
        yield Layer(item.list_path, values, lines, is_file=False, spot_of=spots)

    def _layers_of_template(self, member: Member, item: ListItem | None) -> Iterator[Layer]:
        """What the template of an app of apps sets in the Application that it writes for an item."""
        if item is None or not item.template:
            return
        root = item.template.rpartition("templates/")[0]
        parents = [*self.here.layers((f"{root}values.yaml", item.list_path))]
        for application in member.contents.applications:
            if application.path == root.rstrip("/") and application.environment in {None, item.environment}:
                parents += self._layers_of_manifest(member, application, "")
        yield from template_layers(item.template, self.here.data(item.template), item.folder, parents)

    def _chart_sources(self, member: Member, deployment: Deployment) -> tuple[ChartSource, ...]:
        """The sources of its Application that install charts from elsewhere, where no kustomization says which."""
        unit, application = deployment.unit, deployment.application
        if not (unit and unit.chart and application and application.place.path) or unit.version_at:
            return ()
        path = application.place.path
        reader, elsewhere = self._reader_of(application.place.repository, member)
        manifests, data = reader.documents(path), reader.data(path)
        return chart_sources(application, unit.chart, manifests, data, reader.document, elsewhere)

    def _layers_of_application(self, pair: Pair, chart: str, files: Collection[str]) -> Iterator[Layer]:
        """What its Application sets, whose manifest may be in another repository, above `files` that count already."""
        application = pair.deployment.application
        if application and application.place.path:
            yield from self._layers_of_named_files(pair.member, application, chart, files)
            yield from self._layers_of_manifest(pair.member, application, chart)

    def _layers_of_named_files(
        self, member: Member, application: Application, chart: str, files: Collection[str]
    ) -> Iterator[Layer]:
        """The values files that an Application names, from the first on that doesn't count already."""
        place, is_new = application.place, False
        reader, elsewhere = self._reader_of(place.repository, member)
        manifests = reader.documents(place.path)
        for path, why in named_value_files(application, chart, manifests, reader.document, elsewhere):
            is_new = is_new or path not in files
            if why:
                yield Layer(place.path, {}, Document(None).line_of, elsewhere=elsewhere, unreadable=why)
            elif is_new and not chart:  # the values files of a chart from elsewhere are its unit's
                yield from self.here.layers((path,))

    def _layers_of_manifest(self, member: Member, application: Application, chart: str) -> Iterator[Layer]:
        place = application.place
        reader, elsewhere = self._reader_of(place.repository, member)
        documents = [] if chart else [(path, self.here.document(path)) for path in override_paths(application)]
        overrides = [(path, document) for path, document in documents if document.value]
        manifests = reader.documents(place.path)
        branch = member.contents.facts.branch
        branches = (branch,) if branch != "HEAD" else _USUAL_BRANCHES

        def is_read(revision: str) -> bool:
            self._depends_on_ref |= self.ref != "HEAD" and _COMMIT.fullmatch(revision) is not None
            return revision in {self.ref, *branches}

        yield from application_layers(application, chart, manifests, reader.document, elsewhere, overrides, is_read)
        for path, _ in documents:
            if path in self.here.problems:
                yield Layer(path, {}, Document(None).line_of, is_file=False, unreadable=self.here.problems[path])

    def _reader_of(self, repository: str, member: Member) -> tuple[ReadFiles, str]:
        """The files of a repository, and the name of that if it is another one."""
        if repository == member.contents.facts.name:
            return self.here, ""
        if repository not in self._elsewhere:
            self._elsewhere[repository] = ReadFiles(self.others[repository])
        return self._elsewhere[repository], repository


def _chart_of(member: Member, item: ListItem | None) -> HelmFolder | None:
    """The folder of the chart that an item of an app list deploys."""
    return next((each for each in member.contents.folders if item and each.path == item.chart_folder), None)


def _names_of_item(item: ListItem) -> frozenset[str]:
    return frozenset(filter(None, (item.name.lower(), posixpath.basename(item.slug).lower())))


def _is_of(environment: str, known: Collection[str], path: str) -> bool:
    """Whether the path of a values file has the name of an environment, and not of one with a longer name."""
    others = [each for each in known if environment in each and each != environment and _has_name(path, each)]
    for each in sorted(others, key=len, reverse=True):
        path = _name(each).sub("", path)
    return _has_name(path, environment)


def _has_name(path: str, environment: str) -> bool:
    return bool(environment) and _name(environment).search(path) is not None


def _name(environment: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(environment)}(?![A-Za-z0-9])")


def _paths_here(layers: Iterable[Layer]) -> set[str]:
    return {each.path for each in layers if not each.elsewhere}
