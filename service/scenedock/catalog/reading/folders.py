"""Phase one, `folders`: what the files of one deployment folder say.

One folder is read at a time, and only its facts are kept: a repository of ten thousand folders needs the memory of one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from scenedock.catalog.reading.apis import is_api_file, read_api
from scenedock.catalog.reading.charts import read_chart
from scenedock.catalog.reading.handwritten import CATALOG_FILES, ENTITY_FILES, is_ours, read_handwritten
from scenedock.catalog.reading.manifests import ManifestFacts, read_manifests, read_templates
from scenedock.catalog.reading.plan import PlannedFolder, is_manifest
from scenedock.catalog.reading.values import read_environments, read_values
from scenedock.catalog.vocabulary.credentials import drop_credentials
from scenedock.catalog.vocabulary.environments import EnvironmentNames
from scenedock.documents.encryption import encryption_of, is_lfs_pointer
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import Document, DocumentError, conflict_in, read_document, read_documents
from scenedock.errors import InputError
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place, Severity
from scenedock.model.helm import CHART_FILE, KUSTOMIZATIONS, ApiFile, Chart, HelmFolder, ValuesFacts
from scenedock.model.json import JsonObject, as_object, as_text
from scenedock.model.provenance import PROVENANCE_FILE
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field, replace

_PLACEHOLDER = re.compile(r"[<>{}$]")
_LAST_GOOD_STAY = "Fix the file; until then the last good entities of this folder stay."


@dataclass
class FolderReader:
    """Reads one folder: `read` gives the bytes of a file by its path from the repository's root.

    `value_files` are those that Argo CD's Applications name for it, by environment; then no environment is taken from
    the names of its other files. `chart_folders` are all folders with a chart. `unreadable` says that a file can't be
    read that it can't do without. `doubtful` is the finding for a file that can't be read in a folder without a chart:
    such a file is of no interest, unless the folder was a deployment before and now isn't. What several units share is
    read once. `documents`, if there are any, get those of the charts and values files, for who reads them afterwards.
    """

    repository: str
    planned: PlannedFolder
    read: Callable[[str], bytes]
    environments: EnvironmentNames
    chart_folders: Container[str] = ()
    value_files: Mapping[str, Sequence[str]] | None = None
    findings: list[Finding] = field(default_factory=list)
    unreadable: bool = False
    doubtful: Finding | None = None
    shared_values: dict[str, JsonObject] = field(default_factory=dict)
    shared_manifests: dict[str, tuple[JsonObject, ...]] = field(default_factory=dict)
    documents: dict[str, Document] | None = None

    def chart_folder(self) -> HelmFolder | None:
        """A folder with a chart; None, and a finding, where its Chart.yaml can't be read."""
        document = self._mapping(CHART_FILE)
        if document is None:
            return None
        requirements = self._optional("requirements.yaml")
        merged = self._values()
        chart = read_chart(
            document,
            requirements,
            folder=self.planned.path,
            chart_folders=self.chart_folders,
            merged_values=[values for environment, values in merged.items() if environment or len(merged) == 1],
        )
        self._check_name(chart)
        manifests = read_templates(self._templates())
        handwritten, has_handwritten = self._handwritten()
        return HelmFolder(
            path=self.planned.path,
            chart=chart,
            values=read_environments(merged),
            value_files=self._files_of(),
            unused_files=tuple(self._unused_files()),
            kind_files=manifests.kind_files,
            names_all_kinds=manifests.names_all and not self._has_charts(),
            services=manifests.services,
            kubernetes_id=manifests.kubernetes_id,
            value_keys=frozenset(key for values in merged.values() for key in values),
            has_techdocs="mkdocs.yml" in self.planned.files,
            skeleton=self._skeleton(),
            apis=tuple(self._apis()),
            handwritten=handwritten,
            has_handwritten=has_handwritten,
        )

    def plain_folder(self) -> HelmFolder | None:
        """A folder of plain manifests: every YAML file right in it is one, or kustomize puts them together.

        None where its files are something else, or only what Argo CD and Backstage read; but settings may include a
        folder for its values alone.
        """
        names = [name for name in self.planned.files if name.endswith((".yaml", ".yml")) and name not in ENTITY_FILES]
        kustomized = any(posixpath.basename(name) in KUSTOMIZATIONS for name in names)
        if not kustomized:
            names = [name for name in names if "/" not in name]
        documents = [(name, document) for name in names for document in self._quietly(name)]
        manifests = read_manifests(documents, kustomized=kustomized)
        if manifests is None:
            return self._values_folder() if self.planned.included else None
        handwritten, has_handwritten = self._handwritten()
        return HelmFolder(
            path=self.planned.path,
            values={"": ValuesFacts(labels=manifests.labels)},
            kind_files=manifests.kind_files,
            services=manifests.services,
            kubernetes_id=manifests.kubernetes_id,
            has_techdocs="mkdocs.yml" in self.planned.files,
            handwritten=handwritten,
            has_handwritten=has_handwritten,
        )

    def unit_folder(self, units: Iterable[Unit]) -> HelmFolder:
        """A folder in which nothing but units is at home: with what their own manifests are, and what lies beside."""
        manifests = self._manifests_of(units)
        handwritten, has_handwritten = self._handwritten()
        return HelmFolder(
            path=self.planned.path,
            kind_files=manifests.kind_files if manifests else {},
            services=manifests.services if manifests else frozenset(),
            kubernetes_id=manifests.kubernetes_id if manifests else "",
            has_techdocs="mkdocs.yml" in self.planned.files,
            apis=tuple(self._apis()),
            handwritten=handwritten,
            has_handwritten=has_handwritten,
        )

    def with_facts(self, unit: Unit) -> Unit:
        """A unit with what its values say, above the default values of a chart in the folder, and its manifests."""
        default = ("values.yaml",) if CHART_FILE in self.planned.files else ()
        merged: JsonObject = {}
        for name in (*default, *self._inside(unit.value_files)):
            if name not in self.shared_values:
                self.shared_values[name] = self._optional(name)
            merged = merge_values(merged, self.shared_values[name])
        facts = read_values(merge_values(merged, unit.values))
        if manifests := self._manifests_of([unit]):
            facts = replace(facts, labels=facts.labels | manifests.labels)
        return replace(unit, facts=facts)

    def _manifests_of(self, units: Iterable[Unit]) -> ManifestFacts | None:
        """What the manifests of some units say, which may share files; None where they have none."""
        names = dict.fromkeys(name for unit in units for name in self._inside(unit.manifests))
        for name in names:
            if name not in self.shared_manifests:
                self.shared_manifests[name] = tuple(self._quietly(name))
        documents = [(name, each) for name in names for each in self.shared_manifests[name]]
        return read_manifests(documents, kustomized=True)

    def _inside(self, paths: Iterable[str]) -> Iterator[str]:
        """Files by their paths from the folder, those that there are."""
        names, files = (posixpath.relpath(path, self.planned.path or ".") for path in paths), set(self.planned.files)
        return (name for name in names if name in files)

    def _values_folder(self) -> HelmFolder | None:
        """A folder of values for a chart from elsewhere; None where it has none."""
        merged = self._values()
        if merged == {"": {}}:
            return None
        handwritten, has_handwritten = self._handwritten()
        return HelmFolder(
            path=self.planned.path,
            values=read_environments(merged),
            value_files=self._files_of(),
            has_techdocs="mkdocs.yml" in self.planned.files,
            handwritten=handwritten,
            has_handwritten=has_handwritten,
        )

    def _note(self, code: str, message: str, place: tuple[str, int | None], remedy: str) -> None:
        """Keep a warning about a file of this repository; `place` is its path and line."""
        self.findings.append(Finding("warning", code, message, Place(self.repository, *place), remedy))

    def _note_unreadable(
        self,
        name: str,
        problem: str,
        line: int | None = None,
        *,
        vital: bool,
        code: str = "unreadable-yaml",
    ) -> None:
        """Report a file that can't be read; if it is vital, its folder is unreadable."""
        severity: Severity = "error" if vital else "warning"
        remedy = _LAST_GOOD_STAY if vital else "Fix the file; until then it is ignored."
        place = Place(self.repository, self.planned.at(name), line)
        self.findings.append(Finding(severity, code, problem, place, remedy))
        if vital:
            self.unreadable = True

    def _values(self) -> dict[str, JsonObject]:
        """Merged values by environment; under `""` those of values.yaml alone."""
        base = self._optional("values.yaml")
        merged: dict[str, JsonObject] = {"": base}
        for environment, name in self._value_files:
            below = merged.get(environment, base)
            merged[environment] = merge_values(below, self._optional(name))
        return merged

    def _files_of(self) -> dict[str, tuple[str, ...]]:
        """The values files of each environment, from the root of Helm's merge on; under `""` values.yaml alone."""
        base = ("values.yaml",) if "values.yaml" in self.planned.files else ()
        files: dict[str, tuple[str, ...]] = {"": base}
        for environment, name in self._value_files:
            files[environment] = (*files.get(environment, base), name)
        return files

    def _unused_files(self) -> Iterator[tuple[str, str]]:
        """Files that name an environment where Applications name the folder's values files, and not these."""
        if self.value_files is not None:
            used = {each for files in self.value_files.values() for each in files}
            yield from ((environment, name) for environment, name in self._named_files() if name not in used)

    @cached_property
    def _value_files(self) -> Sequence[tuple[str, str]]:
        """The values files of each environment, in the order in which Helm merges them."""
        if self.value_files is None:
            return tuple(self._named_files())
        there, named = self.planned.files, self.value_files.items()
        return tuple((environment, name) for environment, files in named for name in files if name in there)

    def _named_files(self) -> Iterator[tuple[str, str]]:
        """The files whose names name an environment."""
        for name in self.planned.files:
            if name not in ENTITY_FILES and (environment := self.environments.of_values_file(name)):
                yield environment, name

    def _optional(self, name: str) -> JsonObject:
        if name not in self.planned.files:
            return {}
        return self._mapping(name) or {}

    def _mapping(self, name: str) -> JsonObject | None:
        """The YAML mapping in a file; None with a finding where it isn't one. Encrypted files give no facts.

        Only a Chart.yaml must have some. A conflict marker in any file makes its folder unreadable.
        """
        path, is_chart = self.planned.at(name), name == CHART_FILE
        try:
            data = self.read(path)
        except InputError as error:
            self._note_unreadable(name, str(error), vital=is_chart, code="unreadable-file")
            return None
        if encryption := encryption_of(data):
            if is_chart:
                self._note_unreadable(name, f"is encrypted with {encryption}", vital=True)
            return None
        try:
            document = read_document(data)
        except DocumentError as error:
            self._note_unreadable(name, str(error), error.line, vital=is_chart or conflict_in(data) is not None)
            return None
        if self.documents is not None:
            self.documents[path] = document
        if document.value is not None and not isinstance(document.value, Mapping):
            said = "a pointer of git-lfs" if is_lfs_pointer(data) else "not a mapping of keys to values"
            self._note_unreadable(name, f"is {said}", document.line, vital=is_chart)
            return None
        if document.value is None and is_chart:
            self._note_unreadable(name, "is empty", vital=True)
            return None
        for repeated in document.repeated_keys:
            said = f"{repeated.key!r} is set on line {repeated.before} and again here; Helm uses the last one"
            self._note("repeated-key", said, (path, repeated.line), "Remove one of the two.")
        # Of other files, no addresses go into the catalog; without these bytes, no text of this one has credentials.
        if not is_chart or not (b"@" in data or b"\\" in data):
            return as_object(document.value)
        clean, findings = drop_credentials(
            as_object(document.value), lambda step: Place(self.repository, path, document.line_of(step))
        )
        self.findings.extend(findings)
        return clean

    def _bytes(self, path: str) -> bytes | None:
        """The bytes of a file; None with a finding where the disk refuses them; the run goes on."""
        try:
            return self.read(path)
        except InputError as error:
            remedy = "Make the file readable; until then it is ignored."
            self._note("unreadable-file", str(error), (path, None), remedy)
            return None

    def _skeleton(self) -> str:
        """What the folder was baked from, as `skeleton@ref`."""
        provenance = self._optional(PROVENANCE_FILE)
        return "@".join(filter(None, (as_text(provenance.get("skeleton")), as_text(provenance.get("ref")))))

    def _check_name(self, chart: Chart) -> None:
        if not chart.name or _PLACEHOLDER.search(chart.name):
            message = f"the chart's name is the placeholder {chart.name!r}" if chart.name else "the chart has no name"
            path = self.planned.at(CHART_FILE)
            self._note("chart-without-name", message, (path, None), "Give the chart the name of its folder.")

    def _has_charts(self) -> bool:
        return self.planned.has_charts or any(name.startswith("charts/") for name in self.planned.files)

    def _templates(self) -> Iterator[tuple[str, str]]:
        """Name and text of each template of a chart."""
        for name in self.planned.files:
            if is_manifest(name):
                yield name, (self._bytes(self.planned.at(name)) or b"").decode("utf-8", "replace")

    def _apis(self) -> Iterator[ApiFile]:
        for name in self.planned.files:
            if is_api_file(name) and (data := self._bytes(self.planned.at(name))) is not None:
                api, problem = read_api(name, data)
                if api:
                    yield api
                elif problem:
                    path = self.planned.at(name)
                    self._note("unreadable-api", problem, (path, None), "Fix or rename the file.")

    def _handwritten(self) -> tuple[tuple[Entity, ...], bool]:
        """The entities that a person wrote for the folder, and whether it has a hand-written catalog-info file."""

        def beside(name: str) -> bytes | None:
            return self._bytes(self.planned.at(name)) if name in self.planned.files else None

        written: list[Entity] = []
        theirs = False
        for name in ENTITY_FILES:
            if name in self.planned.files:
                data = self._bytes(self.planned.at(name))
                theirs = theirs or (name in CATALOG_FILES and (data is None or not is_ours(data)))
                entities, findings = read_handwritten(
                    data or b"", Place(self.repository, self.planned.at(name)), beside
                )
                written.extend(entities)
                self.findings.extend(findings)
        return tuple(written), theirs

    def _quietly(self, name: str) -> Iterator[JsonObject]:
        """The mappings in a file that may be anything: what isn't YAML is ignored.

        Of an encrypted file only what names the kind, which SOPS can be told to leave readable.
        """
        try:
            data = self.read(self.planned.at(name))
            documents = read_documents(data)
        except InputError as error:
            line = error.line if isinstance(error, DocumentError) else None
            place = Place(self.repository, self.planned.at(name), line)
            self.doubtful = Finding("error", "unreadable-file", str(error), place, _LAST_GOOD_STAY)
            return
        for document in documents:
            value = as_object(document.value)
            yield {key: value.get(key) for key in ("apiVersion", "kind")} if encryption_of(data) else value
