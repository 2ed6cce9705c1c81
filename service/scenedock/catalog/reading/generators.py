"""The generators of Argo CD's ApplicationSets: which parameter sets they make of a repository's files.

Source: Argo CD, "ApplicationSet: Generators" (list, git, matrix). Generators that ask a cluster or a server (clusters,
scmProvider, pullRequest, plugin …) can't be evaluated from files.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scenedock.catalog.vocabulary.environments import EnvironmentNames
from scenedock.catalog.vocabulary.globs import beginning_of, matches
from scenedock.model.file_paths import folders_above
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text

# Parameter sets of all generators in one repository: far more than an Argo CD serves.
_MOST_PARAMETER_SETS = 100_000
_FILES_FOR_ONE_SET = 100

Render: TypeAlias = Callable[[str, JsonObject], str | None]
"""From a template and its parameters to text, or None where it can't be evaluated."""


class NotEvaluatedError(Exception):
    """The generator needs a cluster or a server, or is not worth evaluating."""


@dataclass(slots=True)
class ParameterBudget:
    """What evaluating may cost: a matrix in a file of few lines can stand for millions of applications."""

    left: int = _MOST_PARAMETER_SETS

    def spend(self, sets: int) -> None:
        """Take as many parameter sets out of the budget."""
        self.left -= sets
        if self.left < 0:
            said = f"the generators of this repository make more than {_MOST_PARAMETER_SETS:,} parameter sets"
            raise NotEvaluatedError(said)


@dataclass(frozen=True, slots=True)
class Manifests:
    """What evaluating needs to know of a repository: files, folders with charts, address, how to read one YAML file."""

    files: tuple[str, ...]
    charts: frozenset[str]
    url: str
    names: EnvironmentNames
    read: Callable[[str], Json]

    def is_here(self, source: JsonObject) -> bool:
        """Whether a source is this repository, as far as that is known."""
        theirs = as_text(source.get("repoURL"))
        return not self.url or not theirs or "{{" in theirs or _slug(theirs) == _slug(self.url)

    def deployment_folder(self, path: str) -> str:
        """The folder of the chart that a values file belongs to; without one the file's own folder."""
        with_chart = (folder for folder in reversed(folders_above(path)) if folder in self.charts)
        return next(with_chart, posixpath.dirname(path))

    def folders(self) -> list[str]:
        """Every folder that holds a file, sorted."""
        return sorted({folder for path in self.files for folder in folders_above(path)})


@dataclass(frozen=True, slots=True)
class Generators:
    """Makes the parameter sets of generators, nested as Go templates see them."""

    manifests: Manifests
    render: Render
    budget: ParameterBudget = field(default_factory=ParameterBudget)

    def parameters(self, generator: JsonObject, known: JsonObject | None = None) -> Iterator[JsonObject]:
        """The parameter sets of one generator; `known` are those of the generator that a matrix multiplies it with.

        Raises
        ------
        NotEvaluatedError   files can't tell them
        """
        if "selector" in generator:
            raise NotEvaluatedError("its generator selects among its results")
        if "list" in generator:
            elements = as_list(as_object(generator["list"]).get("elements"))
            self.budget.spend(len(elements))
            yield from map(as_object, elements)
        elif "git" in generator:
            git = as_object(generator["git"])
            self.budget.spend(1 + len(self.manifests.files) // _FILES_FOR_ONE_SET)
            for parameters in self._of_git(git, known or {}) if self.manifests.is_here(git) else ():
                self.budget.spend(1)
                yield parameters
        elif "matrix" in generator:
            sides = as_list(as_object(generator["matrix"]).get("generators"))
            yield from self._of_matrix([as_object(side) for side in sides], known or {})
        else:
            named = ", ".join(sorted(generator)) or "(none)"
            raise NotEvaluatedError(f"its generator {named} needs a cluster or a server")

    def _of_matrix(self, sides: list[JsonObject], known: JsonObject) -> Iterator[JsonObject]:
        """Each combination; a generator may use the parameters of those before it."""
        if not sides:
            yield known
            return
        for parameters in self.parameters(sides[0], known):
            yield from self._of_matrix(sides[1:], {**known, **parameters})

    def _of_git(self, git: JsonObject, known: JsonObject) -> Iterator[JsonObject]:
        directories = self._patterns(git.get("directories"), known)
        files = self._patterns(git.get("files"), known)
        for path in _selected(self.manifests.folders(), directories) if directories[0] else ():
            yield self._of_path(git, known, {}, _path_parameters(path))
        for file in _selected(self.manifests.files, files) if files[0] else ():
            folder, name = posixpath.split(file)
            location = {**_path_parameters(folder), "filename": name, "filenameNormalized": name.replace(".", "-")}
            yield self._of_path(git, known, as_object(self.manifests.read(file)), location)

    def _of_path(self, git: JsonObject, known: JsonObject, content: JsonObject, path: JsonObject) -> JsonObject:
        prefix = as_text(git.get("pathParamPrefix"))
        parameters: dict[str, Json] = {**content, **({prefix: {"path": path}} if prefix else {"path": path})}
        return {**parameters, "values": render_all(git.get("values"), self.render, {**known, **parameters})}

    def _patterns(self, selectors: Json, known: JsonObject) -> tuple[list[str], list[str]]:
        """The patterns that select and those that exclude."""
        included: list[str] = []
        excluded: list[str] = []
        for selector in map(as_object, as_list(selectors)):
            pattern = render_all(selector.get("path"), self.render, known)
            if not isinstance(pattern, str):
                raise NotEvaluatedError("a path of its generator uses parameters that only a cluster can fill in")
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


def _slug(address: str) -> str:
    """`host/owner/name` in lower case, for every way to write a git address."""
    stripped = re.sub(r"^[a-z+]+://", "", address.strip().lower())
    stripped = stripped.rpartition("@")[2].replace(":", "/", 1) if "@" in stripped else stripped
    return stripped.rstrip("/").removesuffix(".git")
