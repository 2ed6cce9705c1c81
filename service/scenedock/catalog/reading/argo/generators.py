"""The generators of Argo CD's ApplicationSets: which parameter sets they produce from a repository's files.

Source: Argo CD, "ApplicationSet: Generators" (list, git, matrix, merge, "Post Selector"). Generators that ask a cluster
or a server (clusters, scmProvider, pullRequest, plugin …) can't be evaluated from files.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from scenedock.catalog.reading.sources import Manifests, Repositories, slug_of
from scenedock.catalog.vocabulary.globs import beginning_of, matches
from scenedock.documents.reading import DocumentError, read_document
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass, field

# Parameter sets of all generators in one repository: far more than an Argo CD serves.
_MOST_PARAMETER_SETS = 10_000
_FILES_FOR_ONE_SET = 100
_ELSEWHERE = frozenset({"clusters", "clusterDecisionResource", "scmProvider", "pullRequest", "plugin"})
_BESIDE = frozenset({"selector", "template"})

Render: TypeAlias = Callable[[str, JsonObject], str | None]
"""From a template and its parameters to text, or None where it can't be evaluated."""


class NotEvaluatedError(Exception):
    """The generator needs a cluster or a server, or is not worth evaluating."""


class _UnknownParametersError(NotEvaluatedError):
    """The generator needs a parameter of another that needs a cluster."""


@dataclass(slots=True)
class ParameterBudget:
    """What evaluating may cost: a matrix in a file of few lines can stand for millions of applications."""

    left: int = _MOST_PARAMETER_SETS

    def spend(self, sets: int) -> None:
        """Take as many parameter sets out of the budget."""
        self.left -= sets
        if self.left < 0:
            message = f"the generators of this repository produce more than {_MOST_PARAMETER_SETS:,} parameter sets"
            raise NotEvaluatedError(message)


@dataclass(frozen=True, slots=True)
class Generators:
    """Produces the parameter sets of generators, nested as Go templates see them.

    With `partly`, one that only a cluster or a server can fill stands for a single set with no parameters.
    """

    repositories: Repositories
    render: Render
    budget: ParameterBudget = field(default_factory=ParameterBudget)
    partly: bool = False

    def parameters(self, generator: JsonObject, outer: JsonObject | None = None) -> Iterator[JsonObject]:
        """The parameter sets of one generator; `outer` are those of the generator that a matrix multiplies it with.

        Raises
        ------
        NotEvaluatedError   they can't be evaluated from files
        """
        sets = self._unselected(generator, outer or {})
        if self.partly:
            try:
                sets = iter(list(sets))
            except _UnknownParametersError:
                return iter([{}])
        selector = as_object(generator.get("selector"))
        return (each for each in sets if _is_selected(each, selector)) if selector else sets

    def _unselected(self, generator: JsonObject, outer: JsonObject) -> Iterator[JsonObject]:
        if "list" in generator:
            elements = self._elements(as_object(generator["list"]), outer)
            self.budget.spend(len(elements))
            yield from map(as_object, elements)
        elif "git" in generator:
            git = as_object(generator["git"])
            manifests = self._repository_of(git)
            self.budget.spend(1 + len(manifests.files) // _FILES_FOR_ONE_SET)
            for parameters in self._of_git(git, outer, manifests):
                self.budget.spend(1)
                yield parameters
        elif "matrix" in generator:
            yield from self._of_matrix(_children(generator["matrix"]), outer)
        elif "merge" in generator:
            yield from self._of_merge(as_object(generator["merge"]), outer)
        else:
            named = ", ".join(sorted(generator.keys() - _BESIDE)) or "(none)"
            asks = not _ELSEWHERE.isdisjoint(generator)
            if asks and self.partly:
                yield {}
                return
            raise NotEvaluatedError(
                f"its generator {named} {'needs a cluster or a server' if asks else 'is not supported'}"
            )

    def _elements(self, generator: JsonObject, outer: JsonObject) -> list[Json]:
        """The elements of a list generator: written out, and those of the YAML text in `elementsYaml`."""
        elements = list(as_list(generator.get("elements")))
        if text := as_text(generator.get("elementsYaml")):
            rendered = self.render(text, outer) if "{{" in text else text
            if rendered is None or "{{" in rendered:
                raise _UnknownParametersError("the elementsYaml of its generator can't be evaluated")
            try:
                elements.extend(as_list(read_document(rendered.encode()).value))
            except DocumentError as error:
                raise NotEvaluatedError(f"the elementsYaml of its generator is not valid YAML: {error}") from error
        return elements

    def _repository_of(self, git: JsonObject) -> Manifests:
        manifests = self.repositories.of(git)
        if manifests is None:
            slug = slug_of(as_text(git.get("repoURL")))
            raise NotEvaluatedError(f"its generator reads {slug}, which isn't among the repositories of this run")
        return manifests

    def _of_matrix(self, sides: list[JsonObject], outer: JsonObject) -> Iterator[JsonObject]:
        """Each combination; a generator may use the parameters of those before it."""
        if not sides:
            yield outer
            return
        for parameters in self.parameters(sides[0], outer):
            yield from self._of_matrix(sides[1:], {**outer, **parameters})

    def _of_merge(self, merge: JsonObject, outer: JsonObject) -> Iterator[JsonObject]:
        """The sets of the first generator, each with what the others say for the same values of the merge keys."""
        keys = [key for key in map(as_text, as_list(merge.get("mergeKeys"))) if key]
        first, *others = [self._by_keys(child, keys, outer) for child in _children(merge)] or [{}]
        for values, parameters in first.items():
            merged = parameters
            for other in others:
                merged = merge_objects(merged, other.get(values, {}))
            yield merged

    def _by_keys(self, generator: JsonObject, keys: list[str], outer: JsonObject) -> dict[tuple[str, ...], JsonObject]:
        by_keys: dict[tuple[str, ...], JsonObject] = {}
        for parameters in self.parameters(generator, outer):
            texts = flat(parameters)
            values = tuple(texts.get(key, "") for key in keys)
            if not keys or values in by_keys:
                raise NotEvaluatedError("the merge keys of its generator don't identify its parameter sets uniquely")
            by_keys[values] = parameters
        return by_keys

    def _of_git(self, git: JsonObject, outer: JsonObject, manifests: Manifests) -> Iterator[JsonObject]:
        directories = self._patterns(git.get("directories"), outer)
        files = self._patterns(git.get("files"), outer)
        for path in _selected(manifests.folders(), directories) if directories[0] else ():
            yield self._of_path(git, outer, {}, _path_parameters(path))
        for file in _selected(manifests.files, files) if files[0] else ():
            folder, name = posixpath.split(file)
            location = {**_path_parameters(folder), "filename": name, "filenameNormalized": name.replace(".", "-")}
            if (content := manifests.read(file)) is None:
                continue  # what it said before is in doubt, not what the others say
            for each in content if isinstance(content, list) else [content]:
                yield self._of_path(git, outer, as_object(each), location)

    def _of_path(self, git: JsonObject, outer: JsonObject, content: JsonObject, path: JsonObject) -> JsonObject:
        prefix = as_text(git.get("pathParamPrefix"))
        parameters: dict[str, Json] = {**content, **({prefix: {"path": path}} if prefix else {"path": path})}
        return {**parameters, "values": render_all(git.get("values"), self.render, {**outer, **parameters})}

    def _patterns(self, selectors: Json, outer: JsonObject) -> tuple[list[str], list[str]]:
        """The patterns that select and those that exclude."""
        included: list[str] = []
        excluded: list[str] = []
        for selector in map(as_object, as_list(selectors)):
            pattern = render_all(selector.get("path"), self.render, outer)
            if not isinstance(pattern, str) or "{{" in pattern:
                raise _UnknownParametersError(
                    "a path of its generator uses parameters that only a cluster can evaluate"
                )
            (excluded if selector.get("exclude") is True else included).append(pattern)
        return included, excluded


def render_all(value: Json, render: Render, parameters: JsonObject) -> Json:
    """A value with every string in it rendered; what can't be evaluated becomes None."""
    if isinstance(value, str):
        return render(value, parameters) if "{{" in value else value
    if isinstance(value, Mapping):
        keys = {key: render(key, parameters) if "{{" in key else key for key in value}
        return {name: render_all(value[key], render, parameters) for key, name in keys.items() if name is not None}
    if isinstance(value, (list, tuple)):
        return [render_all(below, render, parameters) for below in value]
    return value


def merge_objects(below: JsonObject, above: JsonObject) -> JsonObject:
    """Two objects as one, key by key on every level; what stands above wins."""
    merged = dict(below)
    for key, value in above.items():
        mine = merged.get(key)
        merged[key] = merge_objects(mine, value) if isinstance(mine, Mapping) and isinstance(value, Mapping) else value
    return merged


def _children(combining: Json) -> list[JsonObject]:
    return [as_object(child) for child in as_list(as_object(combining).get("generators"))]


def _is_selected(parameters: JsonObject, selector: JsonObject) -> bool:
    """Whether a label selector of Kubernetes holds on parameters: their names with dots are the labels."""
    labels = flat(parameters)
    expected = as_object(selector.get("matchLabels"))
    rules = map(as_object, as_list(selector.get("matchExpressions")))
    return all(labels.get(key) == value for key, value in expected.items()) and all(
        _holds(each, labels) for each in rules
    )


def _holds(rule: JsonObject, labels: Mapping[str, str]) -> bool:
    key, values = as_text(rule.get("key")), as_list(rule.get("values"))
    match rule.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case operator:
            raise NotEvaluatedError(f"the selector of its generator has an unknown operator {operator!r}")


def flat(parameters: JsonObject, above: str = "") -> dict[str, str]:
    """Parameters as Argo CD compares them: `{path: {basename: a}}` is `path.basename` with the text `a`."""
    texts: dict[str, str] = {}
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            texts |= flat(value, f"{above}{key}.")
        elif isinstance(value, (str, int, float)):
            texts[above + key] = str(value).lower() if isinstance(value, bool) else str(value)
    return texts


def _selected(paths: Iterable[str], patterns: tuple[list[str], list[str]]) -> Iterator[str]:
    included, excluded = patterns
    beginnings = tuple(map(beginning_of, included))
    try:
        for path in paths:
            if path.startswith(beginnings) and matches(path, included) and not matches(path, excluded):
                yield path
    except ValueError as error:
        raise NotEvaluatedError(str(error)) from error


def _path_parameters(path: str) -> dict[str, Json]:
    name = posixpath.basename(path)
    normalized = re.sub(r"[^a-z0-9.-]", "-", name.lower())
    return {"path": path, "basename": name, "basenameNormalized": normalized, "segments": path.split("/")}
