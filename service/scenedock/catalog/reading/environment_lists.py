"""What a repository itself lists as its environments, before any folder is read.

An app of apps, a chart that renders Applications, has a values file for each environment; a helmfile has its keys of
`environments`. Names that merely recur in many folders are not evidence: they may be regions, releases, or parts.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from scenedock.catalog.reading.plan import Plan, PlannedFolder, is_manifest
from scenedock.catalog.vocabulary.environments import EnvironmentNames, word_of_values_file
from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import read_document
from scenedock.errors import InputError
from scenedock.model.finding import Finding, Place
from scenedock.model.json import Json, as_object, as_text, value_at
from scenedock.structs import dataclass, field, replace

_HELMFILES = ("helmfile.yaml", "helmfile.yml")
_DOCUMENT_END = re.compile(rb"^---.*$", re.MULTILINE)
_APPLICATION = re.compile(rb"^kind:[ \t]*[\"']?Application(?:Set)?\b", re.MULTILINE)
_DIMENSION = re.compile(rb"values[-_.]\{\{-?[ \t]*\$?\.Values\.([A-Za-z0-9_.]+)")
_FEWEST_FOLDERS = 2
_MANY_FOLDERS = 3
_ENVIRONMENT_KEYS = frozenset({"environment", "env", "stage"})
# A list of values files, in a document or a template; a choice by an action ends it.
_VALUE_FILES = re.compile(
    rb"(?<![\w-])valueFiles[\"']?:[ \t\r]*(?:#[^\n]*)?"
    rb"(\[[^\]]*\]|(?:\n[ \t\r]*(?:-[^\n]*\.ya?ml[\"']?[ \t\r]*(?:#[^\n]*)?|#[^\n]*)?(?=\n|\Z))*)"
)
_VALUES_FILE = re.compile(rb"(?<![\w.-])values[-_.][\w.-]+\.ya?ml\b")
# What values files are called in many folders, and no environment ever is.
_NO_ENVIRONMENTS = frozenset(
    """base common default defaults example examples global image images ingress local monitoring override overrides
    sample schema secret secrets shared template values""".split()
)

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class EnvironmentLists:
    """The names of environments in one repository; a helmfile's are those of its folder and all below it.

    `unlisted` are names of values files that nothing lists, each with how many folders have such a file: those of many.
    """

    names: EnvironmentNames = field(default_factory=EnvironmentNames)
    helmfiles: Mapping[str, EnvironmentNames] = field(default_factory=dict)
    unlisted: Mapping[str, int] = field(default_factory=dict)

    def of(self, folder: str) -> EnvironmentNames:
        """The names that count in a folder."""
        if not self.helmfiles:
            return self.names
        above = folder
        while above and above not in self.helmfiles:
            above = posixpath.dirname(above)
        return self.helmfiles.get(above, self.names)


def list_environments(plan: Plan, names: EnvironmentNames, read: Read) -> EnvironmentLists:
    """What the files of a repository list; nothing where settings name all environments."""
    if names.closed:
        return EnvironmentLists(names)
    used = _used_words(plan.charts, names)
    candidates = frozenset(word for chart in _candidates(plan.charts, used) for word in _listed_by(chart, used, read))
    layers = _layers(plan, candidates, read) if len(candidates) > 1 else frozenset()
    listed = frozenset(word for word in candidates - layers if not word.endswith("-default"))
    helmfiles = {
        posixpath.dirname(path): keys
        for path in plan.manifests
        if path.endswith(_HELMFILES) and (keys := _keys_of_helmfile(path, read))
    }
    unlisted = {
        word: len(folders)
        for word, folders in used.items()
        if len(folders) >= _MANY_FOLDERS
        and word not in candidates
        and word.lower() not in _NO_ENVIRONMENTS
        and folders.isdisjoint(helmfiles)
    }
    return EnvironmentLists(replace(names, listed=listed), helmfiles, unlisted)


def find_unlisted(
    repository: str,
    plan: Plan,
    lists: EnvironmentLists,
    proven: Collection[str] = (),
    named: Mapping[str, Mapping[str, Sequence[str]]] = MappingProxyType({}),
) -> Iterator[Finding]:
    """One note about names that many folders have values files for, and that nothing lists or has `proven`.

    Of files that Applications have `named`, by folder and environment, these say the environment, whatever their names.
    """
    files = {file for environments in named.values() for each in environments.values() for file in each}
    decided = {*proven, *map(word_of_values_file, files)}
    unlisted = {word: folders for word, folders in sorted(lists.unlisted.items()) if word not in decided}
    if not unlisted:
        return
    used = {lists.names.of_values_file(name) for chart in plan.charts for name in chart.files}
    words = ", ".join(f"{word} ({folders} folders)" for word, folders in unlisted.items())
    setting = ", ".join(sorted({*unlisted, *proven, *filter(None, used)}))
    yield Finding(
        "info",
        "perhaps-environments",
        f"several folders have values files of these names, which nothing lists as environments: {words}",
        Place(repository),
        f"If they are environments, set `environments: {{known: [{setting}]}}` in scenedock.yaml.",
    )


def _used_words(charts: Iterable[PlannedFolder], names: EnvironmentNames) -> dict[str, set[str]]:
    """The `<x>` of values files that no list knows, each with the folders that have one."""
    used: dict[str, set[str]] = defaultdict(set)
    for chart in charts:
        for name in chart.files:
            if "values" in name and (word := word_of_values_file(name)) and names.named(word) is None:
                used[word].add(chart.path)
    return used


def _candidates(charts: Iterable[PlannedFolder], used: Mapping[str, set[str]]) -> Iterator[PlannedFolder]:
    """The charts that could list environments: they have values files of names that others have, too."""
    recurring = {path for folders in used.values() if len(folders) > _FEWEST_FOLDERS for path in folders}
    return (chart for chart in charts if chart.path in recurring)


def _listed_by(chart: PlannedFolder, used: Mapping[str, set[str]], read: Read) -> Iterator[str]:
    """The environments that a chart lists: none unless it renders Applications.

    Where its templates choose a values file by one of its own values, that value tells environments from regions.
    """
    templates = [_content(chart.at(name), read) for name in chart.files if is_manifest(name)]
    if not any(map(_APPLICATION.search, templates)):
        return
    files = {word: name for name in chart.files if (word := word_of_values_file(name)) and word in used}
    dimensions = {match[1].decode() for text in templates for match in _DIMENSION.finditer(text)}
    if len(dimensions) > 1:
        dimensions = {each for each in dimensions if each.rpartition(".")[2] in _ENVIRONMENT_KEYS}
        if not dimensions:
            return
    values = {word: _values_at(chart.at(name), dimensions, read) for word, name in files.items()} if dimensions else {}
    tells = any(word in texts for word, texts in values.items())
    for word in files:
        if len(used[word] - {chart.path}) >= _FEWEST_FOLDERS and (not tells or word in values[word]):
            yield word


def _layers(plan: Plan, words: Collection[str], read: Read) -> frozenset[str]:
    """Those words whose values files stand together in one list: layers of one deployment are no environments."""
    layers: set[str] = set()
    for text in _naming_value_files(plan, read):
        for block in _VALUE_FILES.finditer(text):
            named = {word_of_values_file(name.decode()) for name in _VALUES_FILE.findall(block[1])}.intersection(words)
            layers.update(named if len(named) > 1 else ())
    return frozenset(layers)


def _naming_value_files(plan: Plan, read: Read) -> Iterator[bytes]:
    """What may name values files: each manifest and template, and the values of charts that render Applications."""
    rendering: set[str] = set()
    for path in plan.manifests:
        text = _content(path, read)
        yield text
        if _APPLICATION.search(text):
            rendering.add(f"/{path}".partition("/templates/")[0][1:])
    for chart in plan.charts:
        if chart.path in rendering:
            yield from (_content(chart.at(name), read) for name in chart.files if _is_values_file(name))


def _is_values_file(name: str) -> bool:
    return name.startswith("values") and name.endswith((".yaml", ".yml"))


def _values_at(path: str, dimensions: Iterable[str], read: Read) -> set[str]:
    values = read_quietly(path, read)
    return {as_text(value_at(values, dimension.split("."))) for dimension in dimensions}


def _keys_of_helmfile(path: str, read: Read) -> EnvironmentNames | None:
    """The environments of a helmfile; documents of it that aren't YAML until a template is rendered are ignored."""
    for text in _DOCUMENT_END.split(_content(path, read)):
        try:
            document = as_object(read_document(text).value) if b"environments" in text else {}
        except InputError:
            continue
        if keys := tuple(key for key in as_object(document.get("environments")) if key != "default"):
            return EnvironmentNames(keys, closed=True)
    return None


def read_quietly(path: str, read: Read) -> Json:
    """What a YAML or JSON file says; nothing where it is encrypted or can't be read."""
    return read_value(path, read) or None


def read_value(path: str, read: Read) -> Json:
    """What a YAML or JSON file says, `{}` where it is empty or encrypted; None where it can't be read."""
    try:
        data = read(path)
        return {} if encryption_of(data) else read_document(data).value or {}
    except InputError:
        return None


def _content(path: str, read: Read) -> bytes:
    try:
        return read(path)
    except InputError:
        return b""
