"""Argo CD Applications and ApplicationSets: exact names, namespaces, labels and value files of what is deployed.

Source: Argo CD, "Application Specification" and "ApplicationSet: Go Template".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from scenedock.catalog.reading.argo.application_environments import environment_of
from scenedock.catalog.reading.argo.application_units import UnitMaker
from scenedock.catalog.reading.argo.generators import (
    Generators,
    NotEvaluatedError,
    ParameterBudget,
    Render,
    merge_objects,
    render_all,
)
from scenedock.catalog.reading.argo.go_templates import render_fasttemplate, render_go
from scenedock.catalog.reading.argo.written import WrittenApplication, files_inside, folder_at, leads_out, literal_part
from scenedock.catalog.reading.sources import Manifest, Repositories
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Application, Deployed
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field

API_GROUP = "argoproj.io"
NOT_EVALUATED = "applicationset-not-evaluated"
FROM_ELSEWHERE = "their charts come from elsewhere"
IN_OTHERS = "they deploy folders of repositories that are not part of this run"
NAMED_BY_TEMPLATE = "a template names what they deploy"
BY_PLUGIN = "a plugin makes what they deploy"
OUTSIDE = "their paths lead out of the repository"


def read_applications(documents: Iterable[Manifest], repositories: Repositories) -> ArgoReader:
    """All that the manifests of a repository say, in their order."""
    reader = ArgoReader(repositories)
    for document in documents:
        for each in argo_objects(document.value):
            reader.read(each, document)
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


def argo_objects(document: JsonObject) -> Iterator[JsonObject]:
    """The Argo CD objects of a document, which may be a list of them."""
    if document.get("kind") == "List" and document.get("apiVersion") == "v1":
        for item in as_list(document.get("items")):
            yield from argo_objects(as_object(item))
    elif as_text(document.get("apiVersion")).startswith(API_GROUP + "/"):
        yield document


@dataclass(slots=True)
class ArgoReader:
    """Reads manifests of Argo CD.

    `applications` deploy a folder of the run, each says of which repository; `units` deploy a chart from elsewhere, or
    a folder without one.
    """

    repositories: Repositories
    applications: list[Application] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    seen: list[Deployed] = field(default_factory=list)
    budget: ParameterBudget = field(default_factory=ParameterBudget)
    maker: UnitMaker = field(init=False)

    def __post_init__(self) -> None:
        """Make units of what is in these repositories."""
        self.maker = UnitMaker(self.repositories)

    def read(self, document: JsonObject, manifest: Manifest) -> None:
        """Read one object of Argo CD in a manifest."""
        if manifest.is_template:
            if document.get("kind") == "Application":
                self._add_of_template(WrittenApplication(document, {}), manifest.place)
            elif document.get("kind") == "ApplicationSet":  # in which Helm fills in what Argo CD then evaluates
                name = as_text(value_at(document, ("metadata", "name")))
                self.seen.append(Deployed("Argo CD ApplicationSet", name, manifest.place, reason=NAMED_BY_TEMPLATE))
        elif document.get("kind") == "Application":
            self._add(WrittenApplication(document, {}), manifest.place)
        elif document.get("kind") == "ApplicationSet":
            self._add_set(document, manifest.place)

    def _add_set(self, document: JsonObject, place: Place) -> None:
        """Keep the Applications that a set makes: all of them, else what its template says of each."""
        try:
            generated = list(self.generated(document))
        except NotEvaluatedError as reason:
            self._add_literals(document, place, str(reason))
            return
        for written in generated:
            self._add(written, place)

    def _add_literals(self, document: JsonObject, place: Place, reason: str) -> None:
        """Keep what the template of a set that only a cluster can evaluate says all the same: of no environment."""
        set_name = as_text(value_at(document, ("metadata", "name")))
        try:
            generated = list(self.generated(document, partly=True))
        except NotEvaluatedError:
            generated = []
        found: dict[Application, None] = {}
        units: dict[tuple[str, str, str, str], Unit] = {}
        for each in generated:
            for repository, path in each.folders(self.repositories):
                found[Application(each.name, path, each.namespace, None, each.labels, repository.name, place=place)] = (
                    None
                )
            name = literal_part(each.title) or set_name
            for unit in self._units_of(each, name, None, place):
                units.setdefault((unit.name, unit.path, unit.namespace, unit.chart), unit)
        self.applications.extend(found)
        self.units.extend(units.values())
        targets = tuple(dict.fromkeys((each.repository, each.path) for each in found))
        reasons = {self._reason(each.sources) if each.sources else "" for each in generated}
        why = IN_OTHERS if reasons == {IN_OTHERS} else "only a cluster can evaluate them"
        self.seen.append(Deployed("Argo CD ApplicationSet", set_name, place, targets, why))
        if not found and not units:
            message = f"ApplicationSet {set_name!r} is not used as evidence: {reason}"
            remedy = "Set its environments and annotations in scenedock.yaml if you need them."
            self.findings.append(Finding("info", NOT_EVALUATED, message, place, remedy))

    def generated(
        self, document: JsonObject, *, partly: bool = False, unknown: list[str] | None = None
    ) -> Iterator[WrittenApplication]:
        """Each Application that a set makes; `partly` leaves open what only a cluster knows.

        The texts of its template that can't be evaluated for an Application come to `unknown` before it.

        Raises
        ------
        NotEvaluatedError   only a cluster can evaluate it
        """
        spec = as_object(document.get("spec"))
        render_template = render_go if spec.get("goTemplate") is True else render_fasttemplate
        render: Render = partial(render_template, leave_unknown=partly)
        generators = Generators(self.repositories, render, self.budget, partly=partly)
        for generator in map(as_object, as_list(spec.get("generators"))):
            template = as_object(spec.get("template"))
            for own in generator.values():
                template = merge_objects(template, as_object(as_object(own).get("template")))
            for parameters in generators.parameters(generator):
                yield WrittenApplication(_filled(template, _noting(render, unknown), parameters), parameters)

    def _add_of_template(self, written: WrittenApplication, place: Place) -> None:
        """Keep an Application that a chart's template writes, if its name and its chart are literal.

        One of whose chart or path something stays open is only seen.
        """
        environment = self._environment_of(written, place)
        if written.name and (unit := self.maker.of_chart(written, written.name, environment, place)):
            self.seen.append(Deployed("Argo CD Application", written.name, place, reason=FROM_ELSEWHERE))
            self.units.append(unit)
        elif written.name and self._reason(written.sources) == NAMED_BY_TEMPLATE:
            self.seen.append(Deployed("Argo CD Application", written.name, place, reason=NAMED_BY_TEMPLATE))

    def _add(self, written: WrittenApplication, place: Place) -> None:
        """Keep an Application for each source of it that is a folder of a repository of this run, or as a unit.

        What a chart's template leaves open says nothing: a name, and with it the Application; namespace, path, files.
        """
        name = written.name
        if not name or not written.sources:
            return
        folders = written.folders(self.repositories)
        targets = tuple((repository.name, path) for repository, path in folders)
        by_plugin = any("plugin" in source for source in written.sources)
        reason = BY_PLUGIN if by_plugin else "" if targets else self._reason(written.sources)
        self.seen.append(Deployed("Argo CD Application", name, place, targets, reason))
        for repository, path in folders:
            environment, doubt = environment_of(written.words_in(path), repository.environments)
            if doubt:
                self._doubt(name, doubt, place)
            files = tuple(files_inside(path, written.value_files))
            self.applications.append(
                Application(
                    name,
                    path,
                    written.namespace,
                    environment,
                    written.labels,
                    repository.name,
                    files,
                    place,
                    written.parameters,
                )
            )
        self.units.extend(self._units_of(written, name, self._environment_of(written, place), place))

    def _units_of(
        self, written: WrittenApplication, name: str, environment: str | None, place: Place
    ) -> Iterator[Unit]:
        """The units of an Application; none where it deploys a chart of the run."""
        if any(path in repository.charts for repository, path in written.folders(self.repositories)):
            return
        if unit := self.maker.of_chart(written, name, environment, place):
            yield unit
        else:
            yield from self.maker.of_folders(written, name, environment, place)

    def _environment_of(self, written: WrittenApplication, place: Place) -> str | None:
        """The environment of an Application as a unit, of whose name a part alone proves none.

        It does where something else has the rest: `mail-qa` of the chart, or in the namespace, `mail`.
        """
        repository, path = self.maker.home_of(written, place)
        environment, doubt = environment_of(written.words_in(path), repository.environments, by_name=False)
        if environment or doubt:
            return environment
        names = repository.environments.of(path)
        stems = {written.namespace, posixpath.basename(path), self.maker.chart_of(written)}
        for whole, rests in ((written.name, stems), (written.namespace, {written.name})):
            split = names.split(whole)
            if split and split[0] in rests:
                return split[1]
        return None

    def _reason(self, sources: Sequence[JsonObject]) -> str:
        """Why an Application deploys no folder of this run."""
        if any("{{" in as_text(source.get(key)) for source in sources for key in ("path", "chart")):
            return NAMED_BY_TEMPLATE
        if any(source.get("chart") for source in sources):
            return FROM_ELSEWHERE
        if any(leads_out(folder_at(as_text(source.get("path")))) for source in sources):
            return OUTSIDE
        return IN_OTHERS

    def _doubt(self, name: str, doubt: str, place: Place) -> None:
        message = f"Application {name!r} names more than one environment: {doubt}; it counts for none of them"
        remedy = "Set the label `environment` to the right one, and use no values files of another."
        self.findings.append(Finding("warning", "environment-in-doubt", message, place, remedy))


def _noting(render: Render, unknown: list[str] | None) -> Render:
    """The same, which notes the texts that it can't evaluate."""
    if unknown is None:
        return render

    def noting(text: str, parameters: JsonObject) -> str | None:
        evaluated = render(text, parameters)
        if evaluated is None:
            unknown.append(text)
        return evaluated

    return noting


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
