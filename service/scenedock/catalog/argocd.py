"""Argo CD Applications and ApplicationSets: exact names, namespaces, labels and value files of what is deployed.

Source: Argo CD, "Application Specification" and "ApplicationSet: Generators" (list, git, matrix). Generators that
ask a cluster or a server (clusters, scmProvider, pullRequest, plugin …) can't be evaluated from files.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from scenedock.catalog.environments import EnvironmentNames
from scenedock.catalog.globs import matches
from scenedock.catalog.go_templates import render_fasttemplate, render_go
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Application
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text

API_GROUP = "argoproj.io"
_ENVIRONMENT_LABELS = ("environment", "env", "app.kubernetes.io/environment")


class _NotEvaluatedError(Exception):
    """The generator needs a cluster or a server."""


@dataclass(frozen=True, slots=True)
class Manifests:
    """What evaluating needs to know of a repository: its files, its address, and how to read one YAML file."""

    files: tuple[str, ...]
    url: str
    names: EnvironmentNames
    read: Callable[[str], Json]

    def is_here(self, source: JsonObject) -> bool:
        """Whether a source is this repository, as far as that is known."""
        theirs = as_text(source.get("repoURL"))
        return not self.url or not theirs or "{{" in theirs or _slug(theirs) == _slug(self.url)

    def folders(self) -> list[str]:
        """Every folder that holds a file, sorted."""
        return sorted({path[:at] for path in self.files for at in (i for i, c in enumerate(path) if c == "/")})


def read_applications(
    documents: Iterable[tuple[Place, JsonObject]], manifests: Manifests
) -> tuple[list[Application], list[Finding]]:
    """The applications of all manifests in a repository, in the order of the manifests."""
    applications: list[Application] = []
    findings: list[Finding] = []
    for place, document in documents:
        if not as_text(document.get("apiVersion")).startswith(API_GROUP + "/"):
            continue
        if document.get("kind") == "Application":
            applications.extend(_applications(document, manifests))
        elif document.get("kind") == "ApplicationSet":
            try:
                applications.extend(_generated(document, manifests))
            except _NotEvaluatedError as reason:
                name = as_text(as_object(document.get("metadata")).get("name"))
                findings.append(
                    Finding(
                        "info",
                        "applicationset-not-evaluated",
                        f"ApplicationSet {name!r} is no evidence: {reason}",
                        place,
                        "Name environments and annotations in scenedock.yaml where they matter.",
                    )
                )
    return applications, findings


def _slug(address: str) -> str:
    """`host/owner/name` in lower case, for every way to write a git address."""
    stripped = re.sub(r"^[a-z+]+://", "", address.strip().lower())
    stripped = stripped.rpartition("@")[2].replace(":", "/", 1) if "@" in stripped else stripped
    return stripped.rstrip("/").removesuffix(".git")


def _applications(document: JsonObject, manifests: Manifests) -> Iterator[Application]:
    """One Application for each source of it that is a folder of this repository."""
    metadata, spec = as_object(document.get("metadata")), as_object(document.get("spec"))
    name = as_text(metadata.get("name"))
    namespace = as_text(as_object(spec.get("destination")).get("namespace"))
    labels = {key: value for key, value in as_object(metadata.get("labels")).items() if isinstance(value, str)}
    sources = [as_object(source) for source in (spec.get("source"), *as_list(spec.get("sources"))) if source]
    value_files = [file for source in sources for file in _value_files(source)]
    paths = dict.fromkeys(path for source in sources if manifests.is_here(source) for path in _paths(source))
    for path in paths:
        yield Application(
            name,
            path,
            namespace,
            _environment(manifests.names, name, path, namespace, labels, value_files),
            frozenset(labels.items()),
        )


def _paths(source: JsonObject) -> Iterator[str]:
    """The folders that a source deploys: its `path`, or where `$ref/…` values of a chart from elsewhere lie."""
    path = as_text(source.get("path")).strip("/").removeprefix("./")
    if path and path != ".":
        yield path
        return
    for file in _value_files(source):
        if file.startswith("$"):
            yield file.partition("/")[2].rpartition("/")[0]


def _value_files(source: JsonObject) -> list[str]:
    return [file for file in map(as_text, as_list(as_object(source.get("helm")).get("valueFiles"))) if file]


def _environment(
    names: EnvironmentNames, name: str, path: str, namespace: str, labels: Mapping[str, str], value_files: list[str]
) -> str | None:
    """The environment of an application, by the most explicit thing that names one."""
    for label in _ENVIRONMENT_LABELS:
        if label in labels and (environment := names.named(labels[label])):
            return environment
    for file in reversed(value_files):
        relative = file.partition("/")[2].removeprefix(path + "/") if file.startswith("$") else file
        if environment := names.of_values_file(relative.rpartition("../")[2]):
            return environment
    for segment in reversed(path.split("/")):
        if environment := names.named(segment):
            return environment
    for word in (name, namespace, path.rpartition("/")[2]):
        if split := names.split(word):
            return split[1]
    return names.named(namespace)


def _generated(document: JsonObject, manifests: Manifests) -> Iterator[Application]:
    spec = as_object(document.get("spec"))
    go = spec.get("goTemplate") is True
    render = render_go if go else render_fasttemplate
    for generator in as_list(spec.get("generators")):
        for parameters in _parameters(as_object(generator), manifests):
            rendered = _render(spec.get("template"), render, parameters)
            yield from _applications(as_object(rendered), manifests)


def _render(value: Json, render: Callable[[str, JsonObject], str | None], parameters: JsonObject) -> Json:
    """A template with every string rendered; what can't be evaluated becomes None, except where it names things."""
    if isinstance(value, str):
        return render(value, parameters) if "{{" in value else value
    if isinstance(value, Mapping):
        rendered = {key: _render(below, render, parameters) for key, below in value.items()}
        if any(rendered.get(key) is None and value.get(key) for key in ("name", "path", "namespace")):
            raise _NotEvaluatedError("its template uses functions or parameters that only a cluster can fill in")
        return rendered
    if isinstance(value, (list, tuple)):
        return [_render(below, render, parameters) for below in value]
    return value


def _parameters(generator: JsonObject, manifests: Manifests) -> Iterator[JsonObject]:
    """The parameter sets of one generator, nested as Go templates see them."""
    if "list" in generator:
        yield from map(as_object, as_list(as_object(generator["list"]).get("elements")))
    elif "git" in generator:
        git = as_object(generator["git"])
        if manifests.is_here(git):
            yield from _git_parameters(git, manifests)
    elif "matrix" in generator:
        sides = [as_object(side) for side in as_list(as_object(generator["matrix"]).get("generators"))]
        for combination in itertools.product(*(list(_parameters(side, manifests)) for side in sides)):
            yield {key: value for parameters in combination for key, value in parameters.items()}
    else:
        named = ", ".join(sorted(generator)) or "(none)"
        raise _NotEvaluatedError(f"its generator {named} needs a cluster or a server")


def _git_parameters(git: JsonObject, manifests: Manifests) -> Iterator[JsonObject]:
    directories, files = _patterns(git.get("directories")), _patterns(git.get("files"))
    values = as_object(git.get("values"))
    for path in _selected(manifests.folders(), directories) if directories[0] else ():
        yield {"path": _path_parameters(path), "values": values}
    for file in _selected(manifests.files, files) if files[0] else ():
        folder, _, name = file.rpartition("/")
        content = as_object(manifests.read(file))
        location = {**_path_parameters(folder), "filename": name, "filenameNormalized": name.replace(".", "-")}
        yield {**content, "path": location, "values": values}


def _patterns(selectors: Json) -> tuple[list[str], list[str]]:
    """The patterns that select and those that exclude."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for selector in map(as_object, as_list(selectors)):
        (unwanted if selector.get("exclude") is True else wanted).append(as_text(selector.get("path")))
    return wanted, unwanted


def _selected(paths: Iterable[str], patterns: tuple[list[str], list[str]]) -> Iterator[str]:
    wanted, unwanted = patterns
    return (path for path in paths if matches(path, wanted) and not matches(path, unwanted))


def _path_parameters(path: str) -> dict[str, Json]:
    name = path.rpartition("/")[2]
    normalized = re.sub(r"[^a-z0-9.-]", "-", name.lower())
    return {"path": path, "basename": name, "basenameNormalized": normalized, "segments": path.split("/")}
