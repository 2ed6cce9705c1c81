"""Argo CD Applications and ApplicationSets: exact names, namespaces, labels and value files of what is deployed.

Source: Argo CD, "Application Specification" and "ApplicationSet: Go Template".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from scenedock.catalog.reading.generators import (
    Generators,
    Manifests,
    NotEvaluatedError,
    ParameterBudget,
    Render,
    render_all,
)
from scenedock.catalog.reading.go_templates import render_fasttemplate, render_go
from scenedock.catalog.vocabulary.environments import EnvironmentNames
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Application
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at

API_GROUP = "argoproj.io"
_ENVIRONMENT_LABELS = ("environment", "env", "app.kubernetes.io/environment")


def read_applications(
    documents: Iterable[tuple[Place, JsonObject]], manifests: Manifests
) -> tuple[list[Application], list[Finding]]:
    """The applications of all manifests in a repository, in the order of the manifests."""
    applications: list[Application] = []
    findings: list[Finding] = []
    budget = ParameterBudget()
    for place, document in documents:
        if not as_text(document.get("apiVersion")).startswith(API_GROUP + "/"):
            continue
        if document.get("kind") == "Application":
            applications.extend(_applications(document, manifests))
        elif document.get("kind") == "ApplicationSet":
            try:
                applications.extend(list(_generated(document, manifests, budget)))  # all of them, or none
            except NotEvaluatedError as reason:
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


def _applications(document: JsonObject, manifests: Manifests) -> Iterator[Application]:
    """One Application for each source of it that is a folder of this repository."""
    metadata, spec = as_object(document.get("metadata")), as_object(document.get("spec"))
    name = as_text(metadata.get("name"))
    namespace = as_text(as_object(spec.get("destination")).get("namespace"))
    labels = {key: value for key, value in as_object(metadata.get("labels")).items() if isinstance(value, str)}
    sources = [as_object(source) for source in (spec.get("source"), *as_list(spec.get("sources"))) if source]
    value_files = [file for source in sources for file in _value_files(source)]
    paths = dict.fromkeys([*_paths(sources, manifests), *_paths_of_values(sources, manifests)])
    for path in paths:
        yield Application(
            name,
            path,
            namespace,
            _environment(manifests.names, name, path, namespace, labels, value_files),
            frozenset(labels.items()),
        )


def _paths(sources: list[JsonObject], manifests: Manifests) -> Iterator[str]:
    """The folders of this repository that the sources deploy; the root is the empty path."""
    for source in sources:
        if path := as_text(source.get("path")):
            path = posixpath.normpath(path).lstrip("/")
            if manifests.is_here(source) and not source.get("ref"):
                yield "" if path == "." else path


def _paths_of_values(sources: list[JsonObject], manifests: Manifests) -> Iterator[str]:
    """The folders of this repository where the values lie that a chart from elsewhere takes, as `$ref/…`."""
    here = {as_text(source.get("ref")) for source in sources if manifests.is_here(source)} - {""}
    for source in sources:
        for file in _value_files(source) if source.get("chart") else ():
            ref, _, path = file.removeprefix("$").partition("/")
            if file.startswith("$") and ref in here:
                yield manifests.deployment_folder(path)


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
    for word in (name, namespace, posixpath.basename(path)):
        if split := names.split(word):
            return split[1]
    return names.named(namespace)


def _generated(document: JsonObject, manifests: Manifests, budget: ParameterBudget) -> Iterator[Application]:
    spec = as_object(document.get("spec"))
    render = render_go if spec.get("goTemplate") is True else render_fasttemplate
    generators = Generators(manifests, render, budget)
    for generator in as_list(spec.get("generators")):
        for parameters in generators.parameters(as_object(generator)):
            yield from _applications(_filled(as_object(spec.get("template")), render, parameters), manifests)


def _filled(template: JsonObject, render: Render, parameters: JsonObject) -> JsonObject:
    """The Application that a template makes of some parameters.

    Raises
    ------
    NotEvaluatedError   what it is, where it lies or where it goes can't be told
    """
    filled = as_object(render_all(template, render, parameters))
    for keys in (("metadata", "name"), ("spec", "source", "path"), ("spec", "destination", "namespace")):
        if value_at(template, keys) and not value_at(filled, keys):
            raise NotEvaluatedError("its template uses functions or parameters that only a cluster can fill in")
    return filled
