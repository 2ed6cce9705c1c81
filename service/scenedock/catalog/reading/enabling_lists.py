"""Lists that say which service runs where: the values files of an app of apps, and what its templates always render.

A mapping of such a file is an enabling list if at least 80 % of its keys, and three of them, are names of folders, and
its values are booleans or have `enabled`. Then values files of those folders are configuration, not evidence.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from scenedock.catalog.reading.environment_lists import EnvironmentLists, read_quietly
from scenedock.catalog.reading.plan import PlannedFolder, is_manifest
from scenedock.documents.merging import merge_values
from scenedock.errors import InputError
from scenedock.model.helm import APPLICATIONS, Application, HelmFolder, ListItem
from scenedock.model.json import Json, JsonObject, as_object, value_at
from scenedock.structs import dataclass

_FEWEST_FOLDERS = 3
_LEAST_SHARE = 0.8
_DEEPEST = 2
_STEP = re.compile(
    r"\{\{-?\s*(?:(?P<open>if|with|range|define|block)\b(?P<on>[^}]*)|(?P<end>end|else)\b)"
    r"|^kind:[ \t]*(?P<kind>\S+)|^---",
    re.MULTILINE,
)
_VALUE = re.compile(r"^\s*\.Values\.([\w.]+?)\s*-?$")
_INDEXED_VALUE = re.compile(r"^\s*(?:\(\s*)?index\s+\.Values((?:\s+\"[\w.-]+\")+)(?:\s*\))?((?:\.\w+)*)\s*-?$")
_PATH = re.compile(r"^[ \t]+(?:- )?path:[ \t]*[\"']?([A-Za-z0-9._/-]+)[\"']?[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"^metadata:[ \t]*\n[ \t]+name:[ \t]*[\"']?([A-Za-z0-9.-]+)[\"']?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class EnablingList:
    """The items that are deployed, and the folders that only such a list can prove to run anywhere."""

    items: tuple[ListItem, ...] = ()
    folders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Template:
    """What a template of an Application spells out, and the values that all have to be true for it to be rendered."""

    file: str
    path: str
    name: str
    switches: tuple[tuple[str, ...], ...]


def read_enabling_lists(
    charts: Iterable[PlannedFolder],
    folders: Mapping[str, HelmFolder],
    environments: EnvironmentLists,
    read: Callable[[str], bytes],
) -> EnablingList:
    """The enabling lists of all apps of apps in a repository. `folders` are its deployment folders by path."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in folders:
        by_name[posixpath.basename(path)].append(path)
    items: dict[tuple[str, str | None], ListItem] = {}
    decided: set[str] = set()
    for chart in charts:
        if chart.path in folders and not APPLICATIONS.isdisjoint(folders[chart.path].kinds):
            reader = _Reader(chart, by_name, environments, read)
            items |= {(item.folder, item.environment): item for item in reader.items()}
            parents = {posixpath.dirname(path) for path in reader.named_folders()}
            decided |= {path for path in folders if posixpath.dirname(path) in parents and path != chart.path}
    return EnablingList(tuple(items.values()), frozenset(decided))


def not_applied(folders: Mapping[str, HelmFolder], applications: Collection[Application]) -> frozenset[str]:
    """The folders that Argo CD leaves out where its Applications, naming values files, deploy nearly all beside them.

    None where charts render Applications of their own: those may deploy them.
    """
    if any(not APPLICATIONS.isdisjoint(folder.kinds) for folder in folders.values()):
        return frozenset()
    applied = {each.path for each in applications if each.value_files} & folders.keys()
    beside: dict[str, set[str]] = defaultdict(set)
    for path in folders:
        beside[posixpath.dirname(path)].add(path)
    left_out: set[str] = set()
    for siblings in beside.values():
        mine = siblings & applied
        if len(mine) >= _FEWEST_FOLDERS and len(mine) >= _LEAST_SHARE * len(siblings):
            left_out |= siblings - {each.path for each in applications}
    return frozenset(left_out)


class _Reader:
    """Reads the lists of one app of apps."""

    def __init__(
        self,
        chart: PlannedFolder,
        by_name: Mapping[str, list[str]],
        environments: EnvironmentLists,
        read: Callable[[str], bytes],
    ) -> None:
        self._chart, self._by_name, self._read = chart, by_name, read
        names = environments.of(chart.path)
        self._files = {name: file for file in chart.files if (name := names.of_values_file(file))}
        self._values = {file: self._of(file) for file in self._files.values()}
        self._places = list(dict.fromkeys(place for each in self._values.values() for place in self._lists(each)))
        self._base = self._of("values.yaml") if self._places and "values.yaml" in chart.files else {}

    def named_folders(self) -> Iterator[str]:
        """The folders that the lists name, enabled or not."""
        for values in (self._base, *self._values.values()):
            for place in self._places:
                for name in as_object(value_at(values, place)):
                    yield from self._by_name.get(name, ())

    def items(self) -> Iterator[ListItem]:
        """What is deployed in each environment; a name that fits two folders says nothing."""
        folders = {path for paths in self._by_name.values() for path in paths}
        templates = {each.path: each for each in self._templates() if each.path in folders} if self._places else {}
        for environment, file in self._files.items():
            values = merge_values(self._base, self._values[file])
            enabled = {
                self._by_name[name][0]
                for place in self._places
                for name, value in as_object(value_at(values, place)).items()
                if _is_on(value) and len(self._by_name.get(name, ())) == 1
            }
            enabled -= templates.keys()
            enabled |= {
                path
                for path, template in templates.items()
                if all(_is_on(value_at(values, switch)) for switch in template.switches)
            }
            for path in sorted(enabled):
                template = templates.get(path)
                name = template.name if template and template.name else posixpath.basename(path)
                listed_in = self._chart.at(file)
                written = template.file if template else ""
                yield ListItem(
                    name, environment, listed_in, "", default_chart=False, slug="", folder=path, template=written
                )

    def _of(self, file: str) -> JsonObject:
        return as_object(read_quietly(self._chart.at(file), self._read))

    def _lists(self, values: JsonObject) -> Iterator[tuple[str, ...]]:
        """Where enabling lists stand in values: at the top, or under one or two keys."""
        waiting: list[tuple[tuple[str, ...], JsonObject]] = [((), values)]
        while waiting:
            place, mapping = waiting.pop()
            switches = [name for name, value in mapping.items() if name in self._by_name and _is_switch(value)]
            if len(switches) >= _FEWEST_FOLDERS and len(switches) >= _LEAST_SHARE * len(mapping):
                yield place
            elif len(place) < _DEEPEST:
                waiting.extend(((*place, key), as_object(value)) for key, value in mapping.items())

    def _templates(self) -> Iterator[_Template]:
        for file in self._chart.files:
            if is_manifest(file):
                try:
                    text = self._read(self._chart.at(file)).decode("utf-8", "replace")
                except InputError:
                    continue
                for part, switches in _applications(text):
                    if path := _PATH.search(part):
                        name = _NAME.search(part)
                        yield _Template(self._chart.at(file), path[1], name[1] if name else "", switches)


def _is_switch(value: Json) -> bool:
    return isinstance(value, bool) or isinstance(as_object(value).get("enabled"), bool)


def _is_on(value: Json) -> bool:
    return value is True or as_object(value).get("enabled") is True


def _applications(text: str) -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
    """The Applications in a template, each with the values that switch it on; none that depends on anything else."""
    around: list[tuple[str, ...]] = []
    switches: tuple[tuple[str, ...], ...] | None = None
    start = 0
    for step in _STEP.finditer(text):
        if step["open"]:
            around.append(_switch(step["on"]) if step["open"] == "if" else ())
        elif step["end"]:
            around[-1:] = [()] if step["end"] == "else" else []
        elif step["kind"]:
            is_application = step["kind"].strip("\"'") == "Application"
            switches = tuple(around) if is_application and all(around) else None
        else:
            if switches is not None:
                yield text[start : step.start()], switches
            start, switches = step.end(), None
    if switches is not None:
        yield text[start:], switches


def _switch(condition: str) -> tuple[str, ...]:
    """The keys of the one value that an `if` asks for; empty where it asks for more."""
    if match := _VALUE.match(condition):
        return tuple(match[1].split("."))
    if match := _INDEXED_VALUE.match(condition):
        return (*re.findall(r'"([^"]+)"', match[1]), *filter(None, match[2].split(".")))
    return ()
