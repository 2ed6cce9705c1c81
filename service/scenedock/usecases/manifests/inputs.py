"""Which files a target is made of: what hasn't changed there isn't rendered again."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scenedock.effects.helm.chart_files import ChartSource, local_charts
from scenedock.effects.kustomize.files import files_of_kustomization
from scenedock.errors import InputError
from scenedock.structs import dataclass, field
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import ChartPart, FilesPart, KustomizePart, Part, Target, ValuesFile

_COUNTS: Final = re.compile(
    r"(?:templates|crds|charts)/|(?:Chart|requirements)\.(?:yaml|lock)$|values\.(?:yaml|schema\.json)$|\.helmignore$"
)
"""The files of a chart that Helm reads in any case."""
_READ: Final = re.compile(rb"\.Files\.(?:Get|GetBytes|Lines|Glob)\s+[\"`]([^\"`*?\[{]*)")
"""What a template reads, as far as it is written down: the beginning of a path."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of targets at one time, beside the sorted paths that have `changed` in each repository."""

    state: State
    changed: Mapping[str, Sequence[str]]
    _charts: dict[tuple[str, str], bool] = field(default_factory=dict)

    def have_changed(self, target: Target) -> bool:
        """Whether a file that a target is made of has; of one that can't be rendered, as far as its files are known."""
        if target.reason:
            places = [*target.about, (target.place.repository or target.repository, target.place.path or "")]
            return any(
                path and (self._is_changed(name, path) or self._is_changed_below(name, path)) for name, path in places
            )
        return any(map(self._part_has_changed, target.parts))

    def _part_has_changed(self, part: Part) -> bool:
        if isinstance(part, ChartPart):
            return any(self._is_changed(*file) for file in _files_of(part)) or (
                part.remote is None and self._chart_has_changed(part.repository, part.folder)
            )
        if isinstance(part, FilesPart):
            return any(self._is_changed(part.repository, path) for path in part.paths)
        return self._kustomization_has_changed(part)

    def _kustomization_has_changed(self, part: KustomizePart) -> bool:
        if not self.changed.get(part.repository):
            return False
        used = files_of_kustomization(self.state.source(part.repository), part.folder)
        return any(self._is_changed(part.repository, path) for path in used) or any(
            self._is_changed_below(part.repository, each) for each in part.components()
        )

    def _chart_has_changed(self, repository: str, folder: str) -> bool:
        key = repository, folder
        if key not in self._charts:
            self._charts[key] = self._is_chart_changed(repository, folder)
        return self._charts[key]

    def _is_chart_changed(self, repository: str, folder: str) -> bool:
        """Whether a file has that counts for a chart: for Helm a few do, and all others if a template reads files."""
        source = self.state.source(repository)
        folders = local_charts(source, folder) if self.changed.get(repository) else frozenset[str]()
        others: list[str] = []
        for chart in folders:
            for path in self._changed_below(repository, chart):
                others.append(path[len(chart) + 1 if chart else 0 :])
                if _COUNTS.match(others[-1]):
                    return True
        return bool(others) and any(_reads_any(source, each, others) for each in folders)

    def _is_changed(self, repository: str, path: str) -> bool:
        changed = self.changed.get(repository, ())
        number = bisect_left(changed, path)
        return number < len(changed) and changed[number] == path

    def _is_changed_below(self, repository: str, folder: str) -> bool:
        return next(self._changed_below(repository, folder), None) is not None

    def _changed_below(self, repository: str, folder: str) -> Iterator[str]:
        changed, beginning = self.changed.get(repository, ()), f"{folder}/" if folder else ""
        for number in range(bisect_left(changed, beginning), len(changed)):
            if not changed[number].startswith(beginning):
                return
            yield changed[number]


def _reads_any(source: ChartSource, chart: str, files: Sequence[str]) -> bool:
    """Whether a template of a chart may read one of some other files of it."""
    for path in source.below(posixpath.join(chart, "templates")):
        try:
            text = source.read(path)
        except InputError:
            return True
        beginnings = [found[1].decode("utf-8", "replace") for found in _READ.finditer(text)]
        if text.count(b".Files") > len(beginnings) or any(each.startswith(tuple(beginnings)) for each in files):
            return True
    return False


def _files_of(part: ChartPart) -> Iterator[tuple[str, str]]:
    yield from (each for each in part.values if isinstance(each, ValuesFile))
    yield from ((part.repository, each.value) for each in part.parameters if each.by == "set-file")
