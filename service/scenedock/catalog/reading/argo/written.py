"""What an Application says in its document. Some are templates, of a chart or of an ApplicationSet: parts stay open."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from scenedock.catalog.reading.argo.application_environments import ApplicationWords, helm_parameters
from scenedock.catalog.reading.sources import Manifests, Repositories
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass

_ACTION = re.compile(r"[-_.]*\{\{[^{}]*\}\}[-_.]*")


@dataclass(frozen=True)
class WrittenApplication:
    """The document of an Application, and the parameters of the generator that it comes from."""

    document: JsonObject
    parameters: JsonObject

    @property
    def title(self) -> str:
        """Its name, in which a template may leave something open."""
        return as_text(as_object(self.document.get("metadata")).get("name"))

    @property
    def name(self) -> str:
        """Its name; empty where a template leaves it open."""
        return literal(self.title)

    @cached_property
    def labels(self) -> frozenset[tuple[str, str]]:
        """Its labels, those that are literal."""
        labels = as_object(as_object(self.document.get("metadata")).get("labels"))
        return frozenset((key, value) for key, value in labels.items() if isinstance(value, str) and literal(value))

    @cached_property
    def sources(self) -> tuple[JsonObject, ...]:
        """Its sources, of which there are none in a mere patch."""
        spec = as_object(self.document.get("spec"))
        sources = (as_object(source) for source in (spec.get("source"), *as_list(spec.get("sources"))))
        return tuple(filter(None, sources))

    @property
    def namespace(self) -> str:
        """The namespace that it deploys to; empty where nothing says."""
        return literal(as_text(self._destination.get("namespace")))

    @property
    def value_files(self) -> tuple[str, ...]:
        """All values files that its sources name, as they are written."""
        return tuple(file for source in self.sources for file in value_files_of_source(source))

    def words_in(self, folder: str) -> ApplicationWords:
        """What tells its environment, if it deploys a folder."""
        handed = {
            key: value for each in self.sources for key, value in helm_parameters(as_object(each.get("helm"))).items()
        }
        return ApplicationWords(
            self.name,
            folder,
            self.namespace,
            as_text(self._destination.get("name")),
            dict(self.labels),
            self.value_files,
            self.parameters,
            handed,
        )

    def folders(self, repositories: Repositories) -> list[tuple[Manifests, str]]:
        """The folders that the sources deploy, and those of the values that a chart from elsewhere takes, as `$ref/…`.

        The root is the empty path.
        """
        named = (
            (repository, folder)
            for source in self.sources
            if (path := literal(as_text(source.get("path")))) and not source.get("ref")
            if (repository := repositories.of(source)) and not leads_out(folder := folder_at(path))
        )
        taken = (
            (repository, repository.deployment_folder(path)) for repository, path in self.values_taken(repositories)
        )
        return list(dict.fromkeys([*named, *taken]))

    def values_taken(self, repositories: Repositories) -> Iterator[tuple[Manifests, str]]:
        """The values files in repositories of the run that a chart from elsewhere takes, in the order of its merge.

        Their folders hold files; what a template names, or what leads out of the repository, doesn't count.
        """
        refs = {as_text(source.get("ref")): repositories.of(source) for source in self.sources}
        for source in self.sources:
            for file in value_files_of_source(source) if source.get("chart") else ():
                ref, _, path = file.removeprefix("$").partition("/")
                if not file.startswith("$") or not ref or not literal(path) or not (repository := refs.get(ref)):
                    continue
                path = folder_at(path)
                if not leads_out(path) and next(repository.below(repository.deployment_folder(path)), ""):
                    yield repository, path

    @property
    def _destination(self) -> JsonObject:
        return as_object(as_object(self.document.get("spec")).get("destination"))


def literal(text: str) -> str:
    """The text, or an empty one where a template leaves something of it open."""
    return "" if "{{" in text else text


def literal_part(text: str) -> str:
    """What a template leaves of a name.

    >>> [literal_part(name) for name in ("keydb-{{name}}", "{{ .cluster }}-keydb", "a-{{b}}-c", "{{name}}")]
    ['keydb', 'keydb', 'a-c', '']
    """
    return _ACTION.sub("-", text).strip("-_.")


def folder_at(path: str) -> str:
    """A folder from the repository's root, as paths are written here."""
    folder = posixpath.normpath(path.lstrip("/") or ".")
    return "" if folder == "." else folder


def leads_out(path: str) -> bool:
    """Whether a path from the repository's root leads out of it."""
    return path == ".." or path.startswith("../")


def value_files_of_source(source: JsonObject) -> list[str]:
    """The values files that a source names, as they are written."""
    return [file for file in map(as_text, as_list(as_object(source.get("helm")).get("valueFiles"))) if file]


def files_inside(folder: str, files: Iterable[str]) -> Iterator[str]:
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
