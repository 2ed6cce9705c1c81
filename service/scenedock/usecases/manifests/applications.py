"""The Argo CD Applications of repositories: those that are written down, and those that sets and charts make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from scenedock.catalog.reading.argo.applications import API_GROUP, ArgoReader, argo_objects
from scenedock.catalog.reading.argo.generators import NotEvaluatedError
from scenedock.catalog.reading.argo.written import WrittenApplication
from scenedock.catalog.reading.sources import Manifest, Manifests, Repositories
from scenedock.documents.reading import read_documents
from scenedock.effects.helm.chart_files import ChartSource
from scenedock.errors import InputError
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject, as_object, as_text, value_at
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.reading.read_repository import RepositoryReader
from scenedock.usecases.manifests.state import State

KINDS: Final = re.compile(rb"^[ \t]*(?:- )?[\"']?kind[\"']?:[ \t]*[\"']?Application(?:Set)?\b", re.MULTILINE)
"""The line of an Application or ApplicationSet that names its kind."""
_DOCUMENT_END: Final = re.compile(rb"^---[ \t]*(?:#.*)?\r?\n", re.MULTILINE)
_SOURCE: Final = re.compile(rb"^# Source: [^/\n]+/([^\n]+)$", re.MULTILINE)
_PATCHED: Final = "its templatePatch can only be evaluated by a cluster"


@dataclass(frozen=True, slots=True)
class FoundApplication:
    """An Application, and the manifest or template that made it; `environment` is that of what made it, if it has one.

    `by` says what made it, if it isn't written down. `left_open` is a text of its set that only a cluster can evaluate.
    """

    written: WrittenApplication
    place: Place
    environment: str | None = None
    by: str = ""
    left_open: str = ""

    @property
    def spec(self) -> JsonObject:
        """Its specification."""
        return as_object(self.written.document.get("spec"))


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """What may make Applications, and can't be evaluated here."""

    kind: str
    name: str
    place: Place
    reason: str


@dataclass
class ApplicationFinder:
    """Finds Applications in the repositories at one time."""

    state: State
    readers: Mapping[str, RepositoryReader]
    not_evaluated: list[NotEvaluated] = field(default_factory=list)
    _lines: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, state: State) -> ApplicationFinder:
        """Open the repositories.

        Raises
        ------
        NotFoundError, InputError   one can't be read, or its settings are invalid
        """
        readers = {name: RepositoryReader.of(name, each, None) for name, each in state.repositories.items()}
        return cls(state, readers)

    @cached_property
    def manifests(self) -> Mapping[str, Manifests]:
        """What sources are evaluated with, by repository."""
        return {name: reader.manifests() for name, reader in self.readers.items()}

    @cached_property
    def argo(self) -> Mapping[str, ArgoReader]:
        """What evaluates the sets of each repository."""
        return {
            name: ArgoReader(Repositories(here, tuple(each for each in self.manifests.values() if each is not here)))
            for name, here in self.manifests.items()
        }

    @cached_property
    def documents(self) -> Mapping[str, tuple[Manifest, ...]]:
        """The manifests of Argo CD that are written down in each repository, outside of templates."""
        return {
            name: tuple(
                each
                for documents in reader.documents().values()
                for each in documents
                if not each.is_template and _is_argo(each.value)
            )
            for name, reader in self.readers.items()
        }

    def written(self) -> Iterator[FoundApplication]:
        """Those that are written down, or made by sets that are."""
        for name, documents in self.documents.items():
            for document in documents:
                yield from self._in(document.value, document.place, name, None, "")

    def printed(
        self, text: bytes, repository: str, folder: str, environment: str | None, by: str
    ) -> Iterator[FoundApplication]:
        """Those among what helm or kustomize prints for a folder."""
        seen: dict[str, int] = {}
        for part in _DOCUMENT_END.split(text):
            if not KINDS.search(part):
                continue
            source = _SOURCE.search(part)
            path = f"{folder}/{source[1].decode('utf-8', 'replace')}".lstrip("/") if source else folder
            number = seen[path] = seen.get(path, -1) + 1
            try:
                documents = read_documents(part, max_bytes=len(part) + 1)
            except InputError:
                continue
            place = Place(repository, path, self._line(repository, path, number))
            for document in documents:
                if isinstance(document.value, dict):
                    yield from self._in(document.value, place, repository, environment, by)

    def _in(
        self, document: JsonObject, place: Place, repository: str, environment: str | None, by: str
    ) -> Iterator[FoundApplication]:
        for each in argo_objects(document):
            if each.get("kind") == "Application":
                written = WrittenApplication(each, {})
                if written.title and written.sources:
                    yield FoundApplication(written, place, environment, by)
            elif each.get("kind") == "ApplicationSet":
                yield from self._in_set(each, place, repository, environment)

    def _in_set(
        self, document: JsonObject, place: Place, repository: str, environment: str | None
    ) -> Iterator[FoundApplication]:
        name = as_text(value_at(document, ("metadata", "name")))
        if as_text(value_at(document, ("spec", "templatePatch"))):
            self.not_evaluated.append(NotEvaluated("ApplicationSet", name, place, _PATCHED))
            return
        found: list[FoundApplication] = []
        unknown: list[str] = []
        try:
            for written in self.argo[repository].generated(document, unknown=unknown):
                left_open = next(iter(unknown), "")
                unknown.clear()
                if written.title and written.sources:
                    by = f"ApplicationSet {name}"
                    found.append(FoundApplication(written, place, environment, by, left_open))
        except NotEvaluatedError as reason:
            self.not_evaluated.append(NotEvaluated("ApplicationSet", name, place, str(reason)))
            return
        yield from found

    def _line(self, repository: str, path: str, number: int) -> int | None:
        """The line of the Application that is the one with this number of those that a template makes, from 0 on."""
        key = repository, path
        if key not in self._lines:
            try:
                data = self.state.source(repository).read(path) if path in self.state.source(repository).paths else b""
            except InputError:
                data = b""
            self._lines[key] = [data.count(b"\n", 0, found.start()) + 1 for found in KINDS.finditer(data)]
        lines = self._lines[key]
        return lines[number if number < len(lines) else -1] if lines else None


def charts_of_applications(state: State, reader: RepositoryReader) -> Iterator[str]:
    """The folders of charts whose own templates write Applications."""
    source = state.source(reader.facts.name)
    for planned in reader.plan.charts:
        if any(name.startswith("templates/") and _writes_any(source, planned.at(name)) for name in planned.files):
            yield planned.path


def _writes_any(source: ChartSource, path: str) -> bool:
    try:
        data = source.read(path)
    except InputError:
        return False
    return API_GROUP.encode() in data and KINDS.search(data) is not None


def _is_argo(document: JsonObject) -> bool:
    return document.get("kind") == "List" or as_text(document.get("apiVersion")).startswith(f"{API_GROUP}/")
