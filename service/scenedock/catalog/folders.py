"""Phase one, `folders`: what the files of one deployment folder say.

One folder is read at a time, and only its facts are kept: a repository of ten thousand folders needs the memory of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scenedock.catalog.apis import is_api_file, read_api
from scenedock.catalog.charts import read_chart
from scenedock.catalog.environments import EnvironmentNames
from scenedock.catalog.handwritten import CATALOG_FILES, read_handwritten
from scenedock.catalog.plan import CHART_FILE, PlannedFolder
from scenedock.catalog.values import KUBERNETES_ID, merge_values, read_values
from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import DocumentError, read_document, read_documents
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place, Severity
from scenedock.model.helm import ApiFile, Chart, HelmFolder, ValuesFacts
from scenedock.model.json import JsonObject, as_object, as_text

_KIND = re.compile(r"^kind:[ \t]*[\"']?([A-Z][A-Za-z0-9]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_KUBERNETES_ID = re.compile(
    rf"^\s*[\"']?{re.escape(KUBERNETES_ID)}[\"']?:[ \t]*[\"']?([A-Za-z0-9][A-Za-z0-9._-]*)[\"']?[ \t]*$", re.MULTILINE
)
_PLACEHOLDER = re.compile(r"[<>{}$]")


@dataclass(slots=True)
class FolderReader:
    """Reads the folders of one repository: `read` gives the bytes of a file by its path from the root."""

    repository: str
    read: Callable[[str], bytes]
    names: EnvironmentNames
    chart_folders: Collection[str] = ()
    findings: list[Finding] = field(default_factory=list)

    def chart_folder(self, planned: PlannedFolder) -> HelmFolder | None:
        """A folder with a chart; None, and a finding, where its Chart.yaml can't be read."""
        document = self._mapping(planned.at(CHART_FILE), severity="error")
        if document is None:
            return None
        requirements = self._optional(planned, "requirements.yaml")
        merged = self._values(planned)
        chart = read_chart(
            document,
            requirements,
            folder=planned.path,
            chart_folders=self.chart_folders,
            merged_values=[values for environment, values in merged.items() if environment or len(merged) == 1],
        )
        self._check_name(planned, chart)
        kinds, kubernetes_id = self._manifest_facts(
            planned, [name for name in planned.files if name.startswith("templates/") and not _is_partial(name)]
        )
        return HelmFolder(
            path=planned.path,
            chart=chart,
            values={environment: read_values(values) for environment, values in merged.items()},
            kinds=kinds,
            kubernetes_id=kubernetes_id,
            value_keys=frozenset(key for values in merged.values() for key in values),
            has_values="values.yaml" in planned.files,
            has_techdocs="mkdocs.yml" in planned.files,
            apis=tuple(self._apis(planned)),
            handwritten=self._handwritten(planned),
        )

    def plain_folder(self, planned: PlannedFolder) -> HelmFolder | None:
        """A folder of plain manifests; None where its files are something else (Argo CD's own manifests, for one)."""
        names = [name for name in planned.files if name.endswith((".yaml", ".yml")) and name not in CATALOG_FILES]
        documents = [document for name in names for document in self._quietly(planned, name)]
        kinds = frozenset(
            as_text(document.get("kind"))
            for document in documents
            if as_text(document.get("apiVersion"))
            and not as_text(document.get("apiVersion")).startswith(("argoproj.io/", "backstage.io/"))
        ) - {""}
        if not kinds:
            return None
        return HelmFolder(
            path=planned.path,
            values={"": ValuesFacts(labels=_common_labels(documents))},
            kinds=kinds,
            has_techdocs="mkdocs.yml" in planned.files,
            handwritten=self._handwritten(planned),
        )

    def _note(self, severity: Severity, code: str, message: str, place: tuple[str, int | None], remedy: str) -> None:
        """Keep a finding about a file of this repository; `place` is its path and line."""
        self.findings.append(Finding(severity, code, message, Place(self.repository, *place), remedy))

    def _values(self, planned: PlannedFolder) -> dict[str, JsonObject]:
        """Merged values by environment; under `""` those of values.yaml alone."""
        base = self._optional(planned, "values.yaml")
        merged: dict[str, JsonObject] = {"": base}
        for name in planned.files:
            if environment := self.names.of_values_file(name):
                below = merged.get(environment, base)
                merged[environment] = merge_values(below, self._optional(planned, name))
        return merged

    def _optional(self, planned: PlannedFolder, name: str) -> JsonObject:
        if name not in planned.files:
            return {}
        return self._mapping(planned.at(name), severity="warning") or {}

    def _mapping(self, path: str, *, severity: Severity) -> JsonObject | None:
        """The YAML mapping in a file; None with a finding where it is none. Encrypted files have no facts to give."""
        data = self.read(path)
        if encryption_of(data):
            return None
        remedy = "Mend the file; until then it says nothing about this folder."
        try:
            document = read_document(data)
        except DocumentError as error:
            self._note(severity, "unreadable-yaml", str(error), (path, error.line), remedy)
            return None
        if document.value is not None and not isinstance(document.value, Mapping):
            self._note(severity, "unreadable-yaml", "is not a mapping of keys to values", (path, document.line), remedy)
            return None
        if document.value is None and severity == "error":
            self._note(severity, "unreadable-yaml", "is empty", (path, None), remedy)
            return None
        return as_object(document.value)

    def _check_name(self, planned: PlannedFolder, chart: Chart) -> None:
        if not chart.name or _PLACEHOLDER.search(chart.name):
            said = f"its name is the placeholder {chart.name!r}" if chart.name else "it has no name"
            path = planned.at(CHART_FILE)
            self._note("warning", "chart-without-name", said, (path, None), "Give the chart the name of its folder.")

    def _manifest_facts(self, planned: PlannedFolder, names: Iterable[str]) -> tuple[frozenset[str], str]:
        """The kinds that templates spell out, and a literal `backstage.io/kubernetes-id` label."""
        kinds: set[str] = set()
        kubernetes_id = ""
        for name in names:
            text = self.read(planned.at(name)).decode("utf-8", "replace")
            kinds.update(_KIND.findall(text))
            if match := _KUBERNETES_ID.search(text):
                kubernetes_id = kubernetes_id or match[1]
        return frozenset(kinds), kubernetes_id

    def _apis(self, planned: PlannedFolder) -> Iterator[ApiFile]:
        for name in planned.files:
            if is_api_file(name):
                api, problem = read_api(name, self.read(planned.at(name)))
                if api:
                    yield api
                elif problem:
                    path = planned.at(name)
                    self._note("warning", "unreadable-api", problem, (path, None), "Mend or rename the file.")

    def _handwritten(self, planned: PlannedFolder) -> tuple[Entity, ...]:
        for name in CATALOG_FILES:
            if name in planned.files:
                path = planned.at(name)
                entities, findings = read_handwritten(self.read(path), Place(self.repository, path))
                self.findings.extend(findings)
                return entities
        return ()

    def _quietly(self, planned: PlannedFolder, name: str) -> Iterator[JsonObject]:
        """The mappings in a file that may be anything: what isn't YAML simply says nothing."""
        try:
            documents = read_documents(self.read(planned.at(name)))
        except DocumentError:
            return
        yield from (as_object(document.value) for document in documents)


def _common_labels(documents: Iterable[JsonObject]) -> frozenset[tuple[str, str]]:
    """The labels that the pods of every workload carry."""
    labels = [
        frozenset((key, value) for key, value in as_object(metadata.get("labels")).items() if isinstance(value, str))
        for document in documents
        if (metadata := as_object(as_object(as_object(document.get("spec")).get("template")).get("metadata")))
    ]
    return frozenset.intersection(*labels) if labels else frozenset()


def _is_partial(name: str) -> bool:
    """Whether Helm takes a template for a partial (`_helpers.tpl`) or notes, not for a manifest."""
    file = name.rpartition("/")[2]
    return file.startswith("_") or file == "NOTES.txt"
