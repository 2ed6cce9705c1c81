"""Argo CD Applications and ApplicationSets: exact names, namespaces, labels and value files of what is deployed.

Source: Argo CD, "Application Specification" and "ApplicationSet: Go Template".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scenedock.catalog.reading.argo.application_environments import ApplicationWords, environment_of, helm_parameters
from scenedock.catalog.reading.argo.application_units import unit_of
from scenedock.catalog.reading.argo.generators import (
    Generators,
    NotEvaluatedError,
    ParameterBudget,
    Render,
    merge_objects,
    render_all,
)
from scenedock.catalog.reading.argo.go_templates import render_fasttemplate, render_go
from scenedock.catalog.reading.sources import Manifests, Repositories
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Application, Deployed
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.model.units import Unit

API_GROUP = "argoproj.io"
NOT_EVALUATED = "applicationset-not-evaluated"
FROM_ELSEWHERE = "their charts come from elsewhere"
NAMED_BY_TEMPLATE = "a template names what they deploy"


def read_applications(documents: Iterable[tuple[Place, JsonObject]], repositories: Repositories) -> ArgoReader:
    """The applications of all manifests in a repository, in the order of the manifests, and all that was seen of them.

    Each says which repository of the run it deploys a folder of.
    """
    reader = ArgoReader(repositories)
    for place, document in documents:
        for manifest in _manifests(document):
            reader.read(manifest, place)
    return reader


def value_files_of(applications: Iterable[Application]) -> dict[str, dict[str, list[str]]]:
    """The values files in folders that Applications name, by folder and environment; none where that is in doubt."""
    by_folder: dict[str, dict[str, list[str]]] = {}
    for each in applications:
        if each.value_files:
            named = by_folder.setdefault(each.path, {})
            if each.environment:
                files = named.setdefault(each.environment, [])
                files.extend(file for file in each.value_files if file not in {"values.yaml", *files})
    return by_folder


def _manifests(document: JsonObject) -> Iterator[JsonObject]:
    """The Argo CD objects of a document, which may be a list of them."""
    if document.get("kind") == "List" and document.get("apiVersion") == "v1":
        for item in as_list(document.get("items")):
            yield from _manifests(as_object(item))
    elif as_text(document.get("apiVersion")).startswith(API_GROUP + "/"):
        yield document


@dataclass(slots=True)
class ArgoReader:
    """Reads manifests of Argo CD: `applications` deploy a folder of the run, `units` a chart from elsewhere."""

    repositories: Repositories
    applications: list[Application] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    seen: list[Deployed] = field(default_factory=list)
    budget: ParameterBudget = field(default_factory=ParameterBudget)

    def read(self, document: JsonObject, place: Place) -> None:
        """Read one object of Argo CD."""
        if document.get("kind") == "Application":
            self._add(document, {}, place)
        elif document.get("kind") == "ApplicationSet":
            try:
                generated = list(self._generated(document))  # all of them, or none
            except NotEvaluatedError as reason:
                name = as_text(as_object(document.get("metadata")).get("name"))
                message = f"ApplicationSet {name!r} is not used as evidence: {reason}"
                remedy = "Set its environments and annotations in scenedock.yaml if you need them."
                self.findings.append(Finding("info", NOT_EVALUATED, message, place, remedy))
                self.seen.append(
                    Deployed("Argo CD ApplicationSet", name, place, reason="only a cluster can evaluate them")
                )
                return
            for application, parameters in generated:
                self._add(application, parameters, place)

    def _generated(self, document: JsonObject) -> Iterator[tuple[JsonObject, JsonObject]]:
        """Each Application that a set makes, with its parameters."""
        spec = as_object(document.get("spec"))
        render = render_go if spec.get("goTemplate") is True else render_fasttemplate
        generators = Generators(self.repositories, render, self.budget)
        for generator in map(as_object, as_list(spec.get("generators"))):
            template = as_object(spec.get("template"))
            for own in generator.values():
                template = merge_objects(template, as_object(as_object(own).get("template")))
            for parameters in generators.parameters(generator):
                yield _filled(template, render, parameters), parameters

    def _add(self, document: JsonObject, parameters: JsonObject, place: Place) -> None:
        """Keep an Application for each source of it that is a folder of a repository of this run.

        What a chart's template leaves open says nothing: a name, and with it the Application; namespace, path, files.
        """
        metadata, spec = as_object(document.get("metadata")), as_object(document.get("spec"))
        destination = as_object(spec.get("destination"))
        labels = {key: value for key, value in as_object(metadata.get("labels")).items() if isinstance(value, str)}
        sources = [as_object(source) for source in (spec.get("source"), *as_list(spec.get("sources"))) if source]
        files = tuple(file for source in sources for file in _value_files(source))
        handed = {key: value for each in sources for key, value in helm_parameters(as_object(each.get("helm"))).items()}
        name, namespace = as_text(metadata.get("name")), as_text(destination.get("namespace"))
        if "{{" in name:
            return
        if "{{" in namespace:
            namespace = ""
        folders = dict.fromkeys(self._folders(sources))
        targets = tuple((repository.name, path) for repository, path in folders)
        self.seen.append(
            Deployed("Argo CD Application", name, place, targets, "" if targets else self._reason(sources))
        )
        with_chart = [folder for folder in folders if folder[1] in folder[0].charts]
        home = next(iter(folders), None)
        lists = (home[0] if home else self.repositories.here).environments
        words = ApplicationWords(
            name,
            home[1] if home else posixpath.dirname(place.path),
            namespace,
            as_text(destination.get("name")),
            labels,
            files,
            parameters,
            handed,
        )
        environment, _ = environment_of(words, lists, by_name=False)
        value_files = tuple(_inside(home[1], files)) if home else ()
        own = Application(name, "", namespace, environment, frozenset(labels.items()), "", value_files, place)
        if not with_chart and (unit := unit_of(own, sources, home)):
            self.units.append(unit)
        for repository, path in folders:
            words = ApplicationWords(
                name, path, namespace, as_text(destination.get("name")), labels, files, parameters, handed
            )
            environment, doubt = environment_of(words, repository.environments)
            if doubt:
                self._doubt(name, doubt, place)
            self.applications.append(
                Application(
                    name,
                    path,
                    namespace,
                    environment,
                    frozenset(labels.items()),
                    repository.name,
                    tuple(_inside(path, files)),
                    place,
                )
            )

    def _reason(self, sources: list[JsonObject]) -> str:
        """Why an Application deploys no folder of this run."""
        if any("{{" in as_text(source.get(key)) for source in sources for key in ("path", "chart")):
            return NAMED_BY_TEMPLATE
        if any(source.get("chart") for source in sources):
            return FROM_ELSEWHERE
        return "they deploy folders of repositories that are not part of this run"

    def _doubt(self, name: str, doubt: str, place: Place) -> None:
        message = f"Application {name!r} names more than one environment: {doubt}; it counts for none of them"
        remedy = "Set the label `environment` to the right one, and use no values files of another."
        self.findings.append(Finding("warning", "environment-in-doubt", message, place, remedy))

    def _folders(self, sources: list[JsonObject]) -> Iterator[tuple[Manifests, str]]:
        """The folders that the sources deploy, and those of the values that a chart from elsewhere takes, as `$ref/…`.

        The root is the empty path.
        """
        for source in sources:
            repository, path = self.repositories.of(source), as_text(source.get("path"))
            if path and "{{" not in path and repository and not source.get("ref"):
                path = posixpath.normpath(path).lstrip("/")
                yield repository, "" if path == "." else path
        refs = {as_text(source.get("ref")): self.repositories.of(source) for source in sources}
        for source in sources:
            for file in _value_files(source) if source.get("chart") else ():
                ref, _, path = file.removeprefix("$").partition("/")
                if file.startswith("$") and ref and (repository := refs.get(ref)):
                    yield repository, repository.deployment_folder(path)


def _inside(folder: str, files: Iterable[str]) -> Iterator[str]:
    """Those value files that lie in a folder, by their paths inside it; none where a template names some of them."""
    files = list(files)
    for file in files if not any("{{" in file for file in files) else ():
        if file.startswith("$"):
            path = file.partition("/")[2]
        elif "://" in file:
            continue
        else:
            path = file.lstrip("/") if file.startswith("/") else posixpath.normpath(posixpath.join(folder, file))
        if not folder or path.startswith(f"{folder}/"):
            yield path[len(folder) + 1 :] if folder else path


def _value_files(source: JsonObject) -> list[str]:
    return [file for file in map(as_text, as_list(as_object(source.get("helm")).get("valueFiles"))) if file]


def _filled(template: JsonObject, render: Render, parameters: JsonObject) -> JsonObject:
    """The Application that a template gives with some parameters.

    Raises
    ------
    NotEvaluatedError   its name, path or namespace can't be evaluated
    """
    filled = as_object(render_all(template, render, parameters))
    for keys in (("metadata", "name"), ("spec", "source", "path"), ("spec", "destination", "namespace")):
        if value_at(template, keys) and not value_at(filled, keys):
            raise NotEvaluatedError("its template uses functions or parameters that only a cluster can evaluate")
    return filled
