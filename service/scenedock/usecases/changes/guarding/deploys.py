"""What files say that deployments run, besides their versions: to be compared with what they would say."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from functools import reduce

from scenedock.catalog.reading.app_lists import items_in
from scenedock.changes.guarded import Deploys
from scenedock.changes.telling import documents_in, meaning_of, telling_values
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import read_documents
from scenedock.effects.helm.chart_files import ChartSource, local_charts
from scenedock.effects.kustomize.files import files_of_kustomization, kustomization_in
from scenedock.errors import InputError, NotFoundError
from scenedock.model.json import as_object
from scenedock.releases.deployed import Deployed
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass, field
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.releases.reading.pairs import Pair
from scenedock.usecases.releases.reading.version_facts import FileKey

_OF_CHARTS = ("Chart.yaml", "Chart.lock", "requirements.yaml", "requirements.lock", ".helmignore")
_BELOW_CHARTS = ("templates", "charts")


@dataclass
class DeploysReader:
    """Reads on a ground what deployments run; only of the `touched` files it asks what they say."""

    ground: Ground
    touched: frozenset[FileKey]
    _sources: dict[str, ChartSource] = field(default_factory=dict)

    def of(self, wanted: Callable[[PairKey], bool]) -> Mapping[PairKey, Deploys]:
        """What the files say of the wanted deployments."""
        return {key: self._of(pair) for key, pair in self.ground.pairs.items() if wanted(key)}

    def _of(self, pair: Pair) -> Deploys:
        here = pair.repository
        deployed, seen, _ = self.ground.survey.readers[here].deployed_with_files(pair)
        orders = set(self._orders(pair))
        if self.ground.releases[self._key(pair)].version is not None:
            seen -= {each for each in _understood(deployed) if not self._has_more(each)}
        whole = (seen | set(self._of_chart(pair)) | set(self._of_unit(pair))) - orders
        folder = pair.deployment.folder or (pair.deployment.unit.path if pair.deployment.unit else "")
        files = {_shown(each, here, folder): said for each in whole if (said := self._says(each)) is not None}
        documents = {each for order in orders for each in self._documents(order)}
        return Deploys(self._values(pair, deployed), files, frozenset(documents))

    def _key(self, pair: Pair) -> PairKey:
        return pair.repository, pair.each.service.name, pair.deployment.environment

    def _values(self, pair: Pair, deployed: Deployed) -> Mapping[str, str]:
        merged = reduce(merge_values, (layer.values for layer in deployed.all_layers), as_object({}))
        found = dict(telling_values(merged))
        if application := pair.deployment.application:
            given = {key: value for key, value in application.parameters.items() if not key.startswith("path")}
            found |= {f"parameter {key}": json.dumps(value, sort_keys=True) for key, value in given.items()}
        if unit := pair.deployment.unit:
            said = {"chart": unit.chart, "repository": unit.chart_repository, "version": unit.version}
            found |= {f"of the unit: {key}": value for key, value in said.items() if value}
            found |= {f"of {each.container}: image": f"{each.repository}:{each.tag}" for each in unit.images}
        if item := pair.deployment.item:
            document = self.ground.survey.readers[pair.repository].here.document(item.list_path)
            at = items_in(document.value).get(item.key)
            found |= dict(telling_values(at[1] if at else None, f"item {item.key}"))
        return found

    def _orders(self, pair: Pair) -> Iterator[FileKey]:
        """The files of what orders the deployment: its Application, or the object of another tool."""
        application, unit = pair.deployment.application, pair.deployment.unit
        if application and application.place.path:
            yield application.place.repository or pair.repository, application.place.path
        if unit:
            yield unit.place.repository or pair.repository, unit.place.path

    def _of_chart(self, pair: Pair) -> Iterator[FileKey]:
        """What of its chart may say what it runs, and of local charts that this depends on."""
        here = pair.repository
        source, unit = self._source(here), pair.deployment.unit
        folders = {pair.deployment.folder, *(unit.folders if unit else ())}
        if item := pair.deployment.item:
            folders.add(item.chart_folder)
        charts = {each for each in folders if posixpath.join(each, "Chart.yaml") in source.paths}
        for chart in {each for one in charts for each in local_charts(source, one)}:
            yield from ((here, posixpath.join(chart, name)) for name in _OF_CHARTS)
            for below in _BELOW_CHARTS:
                yield from ((here, path) for path in source.below(posixpath.join(chart, below)))

    def _of_unit(self, pair: Pair) -> Iterator[FileKey]:
        unit, here = pair.deployment.unit, pair.repository
        if unit is None:
            return
        source = self._source(here)
        yield from ((here, path) for path in (*unit.manifests, *unit.version_files))
        for folder in unit.folders:
            if kustomization_in(source, folder):
                yield from ((here, path) for path in files_of_kustomization(source, folder))

    def _says(self, file: FileKey) -> str | None:
        """What a file says; None where there is none."""
        real = self._real(file)
        if real[0] in self.ground.repositories and real[1] not in self.ground.paths(real[0]):
            return None
        if real not in self.touched:
            return "as it is"
        content = self._content(real)
        return "can't be read" if content is None else meaning_of(real[1], content)

    def _documents(self, file: FileKey) -> Iterator[tuple[str, str]]:
        real = self._real(file)
        content = self._content(real) if real in self.touched else None
        yield from [(real[1], "as it is")] if content is None else documents_in(real[1], content)

    def _has_more(self, file: FileKey) -> bool:
        """Whether a touched file has more than one document, which only some releases of Helm read."""
        real = self._real(file)
        content = self._content(real) if real in self.touched else None
        try:
            return content is not None and len(read_documents(content)) > 1
        except InputError:
            return True

    def _real(self, file: FileKey) -> FileKey:
        repository = self.ground.repositories.get(file[0])
        return (file[0], repository.real_path(file[1])) if repository else file

    def _content(self, file: FileKey) -> bytes | None:
        try:
            return self.ground.read(*file) if file[1] in self.ground.paths(file[0]) else None
        except (InputError, NotFoundError):
            return None

    def _source(self, name: str) -> ChartSource:
        return self._sources.setdefault(name, ChartSource(self.ground.repositories[name]))


def _understood(deployed: Deployed) -> Iterator[FileKey]:
    """The files whose values are compared one by one."""
    for layer in deployed.all_layers:
        if not layer.unreadable:
            yield layer.elsewhere or deployed.repository, layer.path
    if deployed.tag_file:
        yield deployed.repository, deployed.tag_file.path


def _shown(file: FileKey, here: str, folder: str) -> str:
    """The path from the folder of the deployment, which may be moved."""
    repository, path = file
    if repository != here:
        return f"{repository}:{path}"
    return path.removeprefix(f"{folder}/") if folder else path
