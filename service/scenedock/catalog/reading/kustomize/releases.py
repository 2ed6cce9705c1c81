"""HelmReleases of Flux, in all versions of their API, and what their sources say of the chart."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scenedock.catalog.reading.kustomize.building import Builder
from scenedock.catalog.reading.kustomize.expanding import Expander, Occurrence
from scenedock.catalog.reading.kustomize.objects import KubernetesObject
from scenedock.catalog.reading.kustomize.substitution import is_open
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import DocumentError, read_document
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at

_VALUES_KEY = "values.yaml"


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """A release: `chart` is the name of one from elsewhere, `folder` that of one in this repository.

    Values are those of `value_files`, in Helm's order, below the inline ones.
    """

    name: str
    namespace: str
    chart: str
    folder: str | None = None
    value_files: tuple[str, ...] = ()
    values: JsonObject = field(default_factory=dict)


class Releases:
    """Reads HelmReleases with what the repository says of their sources and ConfigMaps."""

    def __init__(self, builder: Builder, expander: Expander) -> None:
        self._builder = builder
        self._expander = expander
        self._config_maps: dict[str, list[KubernetesObject]] = defaultdict(list)
        for each in expander.occurrences:
            if isinstance(each.one, KubernetesObject) and each.one.kind == "ConfigMap":
                self._config_maps[each.one.name].append(each.one)

    def read(self, each: Occurrence) -> HelmRelease | None:
        """A release as it is deployed; None where it has no chart, as a patch of one, or no name that files say."""
        spec = as_object(each.document.get("spec"))
        name = as_text(value_at(each.document, ("metadata", "name")))
        chart, folder = self._chart(spec)
        if not name or is_open(name) or not (chart or folder is not None):
            return None
        namespace = each.namespace or as_text(spec.get("targetNamespace"))
        if target := as_text(spec.get("targetNamespace")):
            namespace = "" if is_open(target) else target
        values: JsonObject = {}
        for config_map in self._named(spec):
            values = merge_values(values, config_map)
        return HelmRelease(
            name,
            namespace,
            chart,
            folder,
            tuple(self._generated(each, spec)),
            merge_values(values, as_object(spec.get("values"))),
        )

    def _chart(self, spec: JsonObject) -> tuple[str, str | None]:
        """The name of a chart from elsewhere, or the folder of one of this repository."""
        reference = as_object(spec.get("chartRef"))
        if reference:
            kind, name = as_text(reference.get("kind")), as_text(reference.get("name"))
            for source in self._expander.sources(kind, name):
                if kind == "HelmChart":
                    return self._of_template(as_object(source.get("spec")))
                url = as_text(value_at(source, ("spec", "url")))
                if url and not is_open(url):
                    return posixpath.basename(url.rstrip("/")), None
            return ("" if is_open(name) else name), None
        return self._of_template(as_object(value_at(spec, ("chart", "spec"))))

    def _of_template(self, spec: JsonObject) -> tuple[str, str | None]:
        chart, source = as_text(spec.get("chart")), as_object(spec.get("sourceRef"))
        if not chart or is_open(chart):
            return "", None
        if as_text(source.get("kind")) == "GitRepository" and self._expander.is_here(as_text(source.get("name"))):
            folder = self._builder.resolve("", chart.lstrip("/"))
            if folder is not None and self._builder.has_files(folder):
                return "", folder
        return posixpath.basename(chart.rstrip("/")), None

    def _named(self, spec: JsonObject) -> Iterator[JsonObject]:
        """The values of the ConfigMaps that the repository spells out, in the order in which Flux merges them."""
        for name, key in _config_maps(spec):
            for one in self._config_maps.get(name, [])[:1]:
                text = as_object(one.document.get("data")).get(key)
                try:
                    yield as_object(read_document(text.encode()).value) if isinstance(text, str) else {}
                except (DocumentError, UnicodeEncodeError):
                    continue

    def _generated(self, each: Occurrence, spec: JsonObject) -> Iterator[str]:
        """The files of ConfigMaps that the kustomizations generate which the release went through."""
        for name, key in _config_maps(spec):
            for folder in each.one.chain:
                one = self._builder.kustomizations.get(folder)
                generated: Mapping[str, str] = one.generated.get(name, {}) if one else {}
                path = self._builder.resolve(folder, generated[key]) if key in generated else None
                if path in self._builder.paths:
                    yield str(path)
                    break


def _config_maps(spec: JsonObject) -> Iterator[tuple[str, str]]:
    """The ConfigMaps that a release takes values from, each with the key that has them."""
    for item in map(as_object, as_list(spec.get("valuesFrom"))):
        if item.get("kind") == "ConfigMap" and not item.get("targetPath"):
            yield as_text(item.get("name")), as_text(item.get("valuesKey")) or _VALUES_KEY


def has_chart(document: JsonObject) -> bool:
    """Whether a HelmRelease is one, and not just a patch of another."""
    spec = as_object(document.get("spec"))
    return bool(spec.get("chartRef")) or bool(value_at(spec, ("chart", "spec", "chart")))
