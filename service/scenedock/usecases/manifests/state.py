"""The repositories at one time, as rendering reads them: each listed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scenedock.effects.git.repositories import Repository
from scenedock.effects.helm.chart_files import ChartSource
from scenedock.errors import InputError
from scenedock.structs import dataclass, field


@dataclass(frozen=True, slots=True)
class State:
    """The repositories by name."""

    repositories: Mapping[str, Repository]
    _sources: dict[str, ChartSource] = field(default_factory=dict)

    def source(self, repository: str) -> ChartSource:
        """The files of a repository.

        Raises
        ------
        InputError   it isn't among them
        """
        if repository not in self._sources:
            if repository not in self.repositories:
                raise InputError(f"{repository} is not among the repositories that are read")
            self._sources[repository] = ChartSource(self.repositories[repository])
        return self._sources[repository]

    def sources(self) -> Iterator[tuple[str, ChartSource]]:
        """All repositories with their files."""
        return ((name, self.source(name)) for name in self.repositories)
