"""Which files a target is made of: what hasn't changed there isn't rendered again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scenedock.effects.helm.chart_files import local_charts
from scenedock.effects.kustomize.files import files_of_kustomization
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import ChartPart, FilesPart, KustomizePart, Part, Target, ValuesFile


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of targets at one time, beside the sorted paths that have `changed` in each repository."""

    state: State
    changed: Mapping[str, Sequence[str]]
    _charts: dict[tuple[str, str], bool] = field(default_factory=dict)

    def have_changed(self, target: Target) -> bool:
        """Whether a file that a target is made of has."""
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
            folders = local_charts(self.state.source(repository), folder) if self.changed.get(repository) else ()
            self._charts[key] = any(self._is_changed_below(repository, each) for each in folders)
        return self._charts[key]

    def _is_changed(self, repository: str, path: str) -> bool:
        changed = self.changed.get(repository, ())
        number = bisect_left(changed, path)
        return number < len(changed) and changed[number] == path

    def _is_changed_below(self, repository: str, folder: str) -> bool:
        changed, beginning = self.changed.get(repository, ()), f"{folder}/" if folder else ""
        number = bisect_left(changed, beginning)
        return number < len(changed) and changed[number].startswith(beginning)


def _files_of(part: ChartPart) -> Iterator[tuple[str, str]]:
    yield from (each for each in part.values if isinstance(each, ValuesFile))
    yield from ((part.repository, each.value) for each in part.parameters if each.by == "set-file")
