"""The charts from elsewhere that an Argo CD Application installs, each with the line that sets its version.

Source: Argo CD, "Helm" (`targetRevision` of a source with a `chart` is the chart's version) and "Multiple Sources".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

from scenedock.catalog.reading.argo.written import folder_at, value_files_of_source
from scenedock.catalog.reading.layouts.templates import read_template
from scenedock.documents.reading import Document
from scenedock.model.helm import Application
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.releases.deployed import OF_GIT, ChartVersions, DependencyVersion
from scenedock.releases.images import Keys, text_of
from scenedock.releases.spots import always
from scenedock.releases.tags import SemVer
from scenedock.structs import dataclass, replace
from scenedock.usecases.releases.reading.argo_values import SourceOfApplication, manifest_of

SHAPE = "targetRevision"
"""The shape of a chart's version that an Application sets."""
_BY_CLUSTER = "only a cluster knows the version of its chart"
_BY_TEMPLATE = "a template fills in the version of its chart"
_REVISION = re.compile(r"\btargetRevision[\"']?\s*:")
_BLOCK = re.compile(r"\{\{-?\s*(if|with|range|define|block|else|end)\b")


@dataclass(frozen=True, slots=True)
class ChartSource:
    """A source of an Application that installs a chart from elsewhere: its name, version, and where that is set.

    `value_files` are those that it takes from repositories, by their paths there.
    """

    name: str
    versions: ChartVersions
    value_files: frozenset[str]

    @property
    def version(self) -> DependencyVersion:
        """The version of the chart."""
        return self.versions.remote[0]


def chart_sources(
    application: Application,
    chart: str,
    manifests: Sequence[Document],
    data: bytes,
    read: Callable[[str], Document],
    elsewhere: str,
) -> tuple[ChartSource, ...]:
    """The sources of an Application that install charts from elsewhere, the `chart` of its unit among them.

    `manifests` are the documents of its file and `data` its bytes, which count where it is a template of a chart.
    `read` gives the document of another file: generators have parameters from files. The repository's name is
    `elsewhere` if the deployment is of another one.
    """
    document = manifest_of(application, manifests)
    if document is not None:
        return tuple(_of_document(application, chart, document, read, elsewhere))
    return tuple(_of_template(application, chart, data, elsewhere))


def own_source(sources: Sequence[ChartSource], names: Collection[str]) -> ChartSource | None:
    """The source that installs a service's own chart: the only one, or the only one with one of its names."""
    named = [each for each in sources if each.name.lower() in names] or sources
    return named[0] if len(named) == 1 else None


def versions_in(sources: Sequence[ChartSource]) -> ChartVersions | None:
    """The versions of the charts of all sources; None where there are none."""
    if len(sources) < 2:
        return sources[0].versions if sources else None
    lines: dict[Keys, int] = {
        (number,): each.versions.line_of(each.version.keys) for number, each in enumerate(sources)
    }
    remote = tuple(replace(each.version, keys=(number,)) for number, each in enumerate(sources))
    return replace(sources[0].versions, line_of=lines.__getitem__, remote=remote)


def _of_document(
    application: Application, chart: str, document: Document, read: Callable[[str], Document], elsewhere: str
) -> Iterator[ChartSource]:
    is_set = as_object(document.value).get("kind") == "ApplicationSet"
    root: Keys = ("spec", "template", "spec") if is_set else ("spec",)
    sources = [
        SourceOfApplication(application, document, place, source, read, is_set=is_set)
        for place, source in _sources(root, as_object(value_at(document.value, map(str, root))))
    ]
    is_published = any(_name(each.text("chart")) == chart for each in sources)
    for one in sources:
        place, source = one.place, one.source
        if not source.get("chart") and (is_published or not one.deploys(chart)):
            continue
        name, revision = one.text("chart") or one.text("path"), one.text("targetRevision")
        version, unknown = _version(revision, is_chart=bool(source.get("chart")))
        path, at, number = application.place.path, (*place, "targetRevision"), document.number
        lines: Callable[[Keys], int] = document.line_of
        if found := one.origin_of("targetRevision"):
            path, line, spot = found
            at, number, lines = spot.keys, spot.document, partial(always, line)
        said = DependencyVersion(_name(name), version, at, SHAPE, unknown)
        yield _source(
            said, ChartVersions(path, lines, remote=(said,), document=number, elsewhere=elsewhere), one.rendered()
        )


def _of_template(application: Application, chart: str, data: bytes, elsewhere: str) -> Iterator[ChartSource]:
    """The sources of an Application in a template of a chart, as far as they are literal."""
    path, text = application.place.path, data.decode("utf-8", "replace").splitlines()
    documents = list(read_template(data))
    for number, each in enumerate(documents):
        written = as_object(each.value)
        if written.get("kind") != "Application" or value_at(written, ("metadata", "name")) != application.name:
            continue
        end = documents[number + 1].line if number + 1 < len(documents) else len(text) + 1
        sources = [source for _, source in _sources((), as_object(written.get("spec")))]
        is_published = any(_name(as_text(source.get("chart"))) == chart for source in sources)
        for source in sources:
            name = _name(as_text(source.get("chart")) or as_text(source.get("path")))
            if not source.get("chart") and (is_published or name != chart):
                continue
            version, unknown = _version(text_of(source.get("targetRevision")), is_chart=bool(source.get("chart")))
            lines = [line for line in range(each.line, end) if _sets(text[line - 1], version)]
            all_lines = [line for line in range(each.line, end) if _REVISION.search(text[line - 1])]
            is_plain = len(lines) == 1 and _is_outside_of_blocks(text[each.line - 1 : lines[0]])
            if version and not (is_plain and len(all_lines) <= len(sources)):
                version, unknown = "", _BY_TEMPLATE
            at = lines[0] if len(lines) == 1 else each.line
            said = DependencyVersion(name, version, (), SHAPE, unknown.replace(_BY_CLUSTER, _BY_TEMPLATE))
            yield _source(said, ChartVersions(path, partial(always, at), remote=(said,), elsewhere=elsewhere), source)


def _sources(root: Keys, spec: JsonObject) -> list[tuple[Keys, JsonObject]]:
    """The sources in a specification, with their keys: the one, or else all."""
    several = [
        ((*root, "sources", number), as_object(each)) for number, each in enumerate(as_list(spec.get("sources")))
    ]
    return several or [((*root, "source"), as_object(spec.get("source")))]


def _version(revision: str, *, is_chart: bool) -> tuple[str, str]:
    """The version of a chart at a revision, or why there is none: of a chart in git only a version's tag says it."""
    if "{{" in revision:
        return "", _BY_CLUSTER
    if not is_chart and SemVer.parse(revision) is None:
        return "", OF_GIT
    return revision, ""


def _source(said: DependencyVersion, versions: ChartVersions, source: JsonObject) -> ChartSource:
    files = value_files_of_source(source)
    inside = frozenset(folder_at(file.partition("/")[2]) for file in files if file.startswith("$"))
    return ChartSource(said.name, versions, inside)


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _sets(line: str, version: str) -> bool:
    written = re.fullmatch(r"[\s-]*targetRevision:\s*(\S+?)\s*(?:#.*)?", line)
    return written is not None and written[1].strip("\"'") == version


def _is_outside_of_blocks(before: Sequence[str]) -> bool:
    """Whether no block that begins in some lines, nor another branch of one around them, goes on after them."""
    depth = 0
    for word in _BLOCK.findall("\n".join(before)):
        if depth == 0 and word in {"else", "end"}:
            return False
        depth += -1 if word == "end" else 0 if word == "else" else 1
    return depth == 0
