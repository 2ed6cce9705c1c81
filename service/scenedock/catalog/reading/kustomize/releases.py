"""HelmReleases of Flux, in all versions of their API, and what their sources say of the chart."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from scenedock.catalog.reading.kustomize.building import Builder
from scenedock.catalog.reading.kustomize.expanding import Context, Expander, Occurrence, variables_of
from scenedock.catalog.reading.kustomize.files import resolve, text_of
from scenedock.catalog.reading.kustomize.images import may_set_images
from scenedock.catalog.reading.kustomize.objects import KubernetesObject
from scenedock.catalog.reading.kustomize.patching import name_of
from scenedock.catalog.reading.kustomize.substitution import is_open, substituted
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import DocumentError, read_document
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at
from scenedock.model.units import Unit, Written
from scenedock.structs import dataclass

_VALUES_KEY = "values.yaml"
_VALUES = ("spec", "values")
_TEMPLATE = ("spec", "chart", "spec")
_SECRETS = frozenset({"Secret", "SealedSecret", "ExternalSecret"})
"""What a Secret is made of, which mostly has the name of that."""
_OF_IMAGE = re.compile(r"image|tag|version|digest", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Chart:
    """A chart: `name` is that of one from elsewhere, `folder` that of one in this repository.

    `repository` is the address of the repository of one from elsewhere. `value_files` are those of one in this
    repository that count above its own; `unclear` says why others may.
    """

    name: str = ""
    folder: str | None = None
    version: str = ""
    version_at: Written | None = None
    repository: str = ""
    value_files: tuple[str, ...] = ()
    unclear: str = ""


@dataclass(frozen=True, slots=True)
class _ValuesFrom:
    """What `valuesFrom` says: files, and above them values, which are `written` in the repository.

    `unclear` says why there may be more. Source: Flux, "HelmRelease", valuesFrom: the last counts most.
    """

    files: tuple[str, ...]
    values: JsonObject
    written: tuple[Written, ...]
    unclear: str


class Releases:
    """Reads HelmReleases with what the repository says of their sources and ConfigMaps."""

    def __init__(self, builder: Builder, expander: Expander) -> None:
        self._builder = builder
        self._expander = expander
        self._documents: dict[str, dict[Place, Json]] = {}
        self._config_maps: dict[str, list[Occurrence]] = defaultdict(list)
        self._here: set[tuple[str, str]] = set()
        for each in expander.occurrences:
            if isinstance(each.one, KubernetesObject) and each.one.kind in {"ConfigMap", *_SECRETS}:
                kind = "ConfigMap" if each.one.kind == "ConfigMap" else "Secret"
                self._here.update((kind, name) for name in _names(each.one, each.context))
                if kind == "ConfigMap":
                    self._config_maps[each.one.name].append(each)
        for one in builder.kustomizations.values():
            made = [*(("ConfigMap", name) for name in one.generated), *(("Secret", name) for name in one.secrets)]
            self._here.update(made, ((kind, f"{one.prefix}{name}{one.suffix}") for kind, name in made))

    def unit(self, each: Occurrence, home: str, environment: str | None) -> Unit | None:
        """A release as it is deployed to an environment; None where it has no chart, as a patch, or an open name.

        Its values are those of its files, in Helm's order, below the inline ones.
        """
        spec = as_object(each.document.get("spec"))
        name = name_of(each.document)
        chart = self._chart(each, spec)
        if not name or is_open(name) or not (chart.name or chart.folder is not None):
            return None
        namespace = each.namespace or as_text(spec.get("targetNamespace"))
        if target := as_text(spec.get("targetNamespace")):
            namespace = "" if is_open(target) else target
        given = self._given(each, spec)
        own = tuple(Written(at.place, (*at.keys, *(() if at.keys else _VALUES))) for at in _written(each))
        return Unit(
            "Flux HelmRelease",
            name,
            home,
            each.one.place,
            self._builder.name,
            namespace,
            environment,
            chart.name,
            folders=(chart.folder,) if chart.folder is not None else (),
            value_files=(*chart.value_files, *given.files),
            values=merge_values(given.values, as_object(spec.get("values"))),
            values_at=(*given.written, *own),
            version="" if each.one.unclear else chart.version,
            version_unclear=each.one.unclear,
            version_at=chart.version_at,
            chart_repository=chart.repository,
            release=as_text(spec.get("releaseName"))
            or "-".join(filter(None, (as_text(spec.get("targetNamespace")), name))),
            unclear=_unclear(each.one.place, spec) or chart.unclear or each.one.unclear or given.unclear,
        )

    def _chart(self, each: Occurrence, spec: JsonObject) -> _Chart:
        reference = as_object(spec.get("chartRef"))
        if not reference:
            return self._of_template(as_object(value_at(each.document, _TEMPLATE)), _written(each), _TEMPLATE)
        kind, name = as_text(reference.get("kind")), as_text(reference.get("name"))
        for source in self._expander.sources(kind, name):
            if kind == "HelmChart":
                spec = as_object(source.document.get("spec"))
                return self._of_template(spec, (Written(source.place),), ("spec",))
            url = as_text(value_at(source.document, ("spec", "url")))
            if url and not is_open(url):
                given = as_object(value_at(source.document, ("spec", "ref")))
                key = next((key for key in ("tag", "semver", "digest") if given.get(key)), "tag")
                at = Written(source.place, ("spec", "ref", key))
                above, _, chart = url.rstrip("/").rpartition("/")
                return _Chart(chart, None, text_of(given.get(key)), at, above)
        return _Chart("" if is_open(name) else name)

    def _of_template(self, spec: JsonObject, written: Sequence[Written], root: tuple[str, ...]) -> _Chart:
        """The chart of a template, which is at a root of the documents that it is written in."""
        chart, source = as_text(spec.get("chart")), as_object(spec.get("sourceRef"))
        if not chart or is_open(chart):
            return _Chart()
        if as_text(source.get("kind")) == "GitRepository" and self._expander.is_here(as_text(source.get("name"))):
            folder = resolve("", chart.lstrip("/"))
            if folder is not None and self._builder.has_files(folder):
                files, unclear = self._values_files(spec, folder, written[0].place)
                return _Chart(folder=folder, value_files=files, unclear=unclear)
        version = text_of(spec.get("version"))
        is_of_git = as_text(source.get("kind")) == "GitRepository" and not version
        keys = (*root, "chart" if is_of_git else "version")
        said = chart if is_of_git else version
        at = next((each for each in reversed(written) if self._says(each, keys, said)), written[0])
        place = Written(at.place, (*at.keys, *keys))
        return _Chart(posixpath.basename(chart.rstrip("/")), None, version, place, self._address(source))

    def _values_files(self, spec: JsonObject, folder: str, place: Place) -> tuple[tuple[str, ...], str]:
        """The values files that a template takes above those of its chart, or else why nobody can tell what counts.

        Source: Flux, "HelmChart", valuesFiles: they replace the chart's own, which counts only where it is listed.
        """
        names = [*map(as_text, as_list(spec.get("valuesFiles")))]
        if not names and not spec.get("valuesFile"):
            return (), ""
        paths = [resolve("", name.lstrip("/")) for name in names]
        if spec.get("ignoreMissingValuesFiles") is True:
            paths = [path for path in paths if path in self._builder.paths]
        known = tuple(path for path in paths if path is not None and path in self._builder.paths)
        own = posixpath.join(folder, "values.yaml")
        if len(known) != len(paths) or known[:1] != (own,):
            return (), f"{place.path}:{place.line}: its values files may count instead of its chart's"
        return known[1:], ""

    def _address(self, source: JsonObject) -> str:
        """The address of a HelmRepository; empty where the files don't say it."""
        if as_text(source.get("kind")) != "HelmRepository":
            return ""
        for each in self._expander.sources("HelmRepository", as_text(source.get("name"))):
            url = as_text(value_at(each.document, ("spec", "url")))
            if url and not is_open(url):
                return url
        return ""

    def _says(self, written: Written, keys: tuple[str, ...], text: str) -> bool:
        """Whether a document has this text at some keys."""
        path = written.place.path
        if path not in self._documents:
            self._documents[path] = dict(self._builder.documents(path))
        document = self._documents[path].get(written.place)
        return not written.keys and document is not None and text_of(value_at(document, keys)) == text

    def _given(self, each: Occurrence, spec: JsonObject) -> _ValuesFrom:
        """The values of `valuesFrom`: of ConfigMaps that the repository spells out, or generates from files.

        What is `optional` says nothing if the repository has nothing of its name.
        """
        files: list[str] = []
        written: list[Written] = []
        values: JsonObject = {}
        unclear = ""
        for item in map(as_object, as_list(spec.get("valuesFrom"))):
            if item.get("targetPath"):
                continue
            kind, name = as_text(item.get("kind")), as_text(item.get("name"))
            key = as_text(item.get("valuesKey")) or _VALUES_KEY
            path = self._generated(each, name, key) if kind == "ConfigMap" else None
            spelled = self._spelled(each, name, key) if kind == "ConfigMap" and path is None else None
            at = f"{each.one.place.path}:{each.one.place.line}"
            is_excused = item.get("optional") is True and (kind, name) not in self._here
            if path and not written:
                files.append(path)
            elif spelled:
                values = merge_values(values, spelled[0])
                written.append(spelled[1])
            elif path is not None or not is_excused:
                unclear = unclear or f"{at}: what the values of the {kind} {name!r} are, only a cluster knows"
        return _ValuesFrom(tuple(files), values, tuple(written), unclear)

    def _spelled(self, each: Occurrence, name: str, key: str) -> tuple[JsonObject, Written] | None:
        """The values in the ConfigMap of a name, and where they are.

        Of several, those of the release's namespace count, and of these that beside it.
        """
        known = self._config_maps.get(name, [])
        known = [one for one in known if one.namespace == each.namespace] or known
        said = {
            text: Written(one.one.place, ("data", key), ())
            for one in [one for one in known if one.root == each.root] or known
            if isinstance(text := as_object(one.document.get("data")).get(key), str)
        }
        if len(said) != 1:
            return None
        [(text, written)] = said.items()
        try:
            return as_object(read_document(text.encode()).value), written
        except (DocumentError, UnicodeEncodeError):
            return None

    def _generated(self, each: Occurrence, name: str, key: str) -> str | None:
        """The file of a ConfigMap that kustomizations generate which the release went through; the outer one counts.

        It is empty if what counts is no file of the repository.
        """
        for folder in reversed(each.chain):
            one = self._builder.kustomizations.get(folder)
            generated: Mapping[str, str] = one.generated.get(name, {}) if one else {}
            if key in generated:
                path = resolve(folder, generated[key])
                return path if path in self._builder.paths else ""
        return None


def _names(one: KubernetesObject, context: Context) -> list[str]:
    """The names that an object has in turn, with the variables of what deploys it."""
    variables = variables_of(context) if any("$" in name for name in one.names) else {}
    return [as_text(substituted(name, variables)) for name in one.names]


def _written(each: Occurrence) -> tuple[Written, ...]:
    """Where a release is written: its own document, and the patches of it."""
    patches = each.one.patched_by if isinstance(each.one, KubernetesObject) else ()
    return (Written(each.one.place), *patches)


def _unclear(place: Place, spec: JsonObject) -> str:
    """Why something else than its values may set its images; empty without."""
    at = f"{place.path}:{place.line}"
    if may_set_images(spec.get("postRenderers")):
        return f"{at}: its postRenderers may change its image"
    for item in map(as_object, as_list(spec.get("valuesFrom"))):
        path = as_text(item.get("targetPath"))
        if path and _OF_IMAGE.search(path):
            return f"{at}: {as_text(item.get('kind'))} {as_text(item.get('name'))!r} sets {path!r} in a cluster"
    return ""


def has_chart(document: JsonObject) -> bool:
    """Whether a HelmRelease is one, and not just a patch of another."""
    spec = as_object(document.get("spec"))
    return bool(spec.get("chartRef")) or bool(value_at(spec, ("chart", "spec", "chart")))
