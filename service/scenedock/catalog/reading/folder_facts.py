"""What reading one folder gives, with everything that this depends on: so that what hasn't changed isn't read again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from scenedock.catalog.reading.folders import FolderReader
from scenedock.catalog.reading.plan import PlannedFolder
from scenedock.catalog.vocabulary.environments import EnvironmentNames
from scenedock.documents.reading import Document
from scenedock.model.finding import Finding
from scenedock.model.helm import HelmFolder
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field

ValueFiles = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FolderRequest:
    """A folder to read, and what its reading is told of the rest of the repository, besides which charts there are.

    `value_files` are those that Applications name for it, by environment; None where none names any. `units` are those
    at home there; `is_unit` says that nothing else is.
    """

    repository: str
    planned: PlannedFolder
    has_chart: bool
    environments: EnvironmentNames
    value_files: ValueFiles | None = None
    units: tuple[Unit, ...] = ()
    is_unit: bool = False


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """All that reading a folder gives: its content, if it is a deployment, and what a `FolderReader` found.

    `asked` says for the folders that were looked for as charts whether they are. `units` are those of the request, with
    their facts, and `home` is what the folder is to them where it isn't a deployment of its own.
    """

    folder: HelmFolder | None
    findings: tuple[Finding, ...] = ()
    unreadable: bool = False
    doubtful: Finding | None = None
    asked: Mapping[str, bool] = field(default_factory=dict)
    units: tuple[Unit, ...] = ()
    home: HelmFolder | None = None

    def holds(self, charts: Collection[str]) -> bool:
        """Whether it would be the same among these charts."""
        return all((path in charts) == answer for path, answer in self.asked.items())


class _Asked:
    """Charts that remember what they were asked for."""

    def __init__(self, charts: Collection[str]) -> None:
        self._charts = charts
        self.answers: dict[str, bool] = {}

    def __contains__(self, path: object) -> bool:
        return self.answers.setdefault(str(path), path in self._charts)


def read_folder(
    request: FolderRequest,
    charts: Collection[str],
    read: Callable[[str], bytes],
    documents: dict[str, Document] | None = None,
) -> FolderFacts:
    """Read a folder: `charts` are all folders with a chart, `read` gives the bytes of a file by its path.

    `documents`, if there are any, get those of its charts and values files.
    """
    asked = _Asked(charts)
    reader = FolderReader(
        request.repository,
        request.planned,
        read,
        request.environments,
        asked,
        value_files=request.value_files,
        documents=documents,
    )
    folder = None
    if not request.is_unit:
        folder = reader.chart_folder() if request.has_chart else reader.plain_folder()
    home = reader.unit_folder(request.units) if request.units and not request.has_chart and not folder else None
    units = tuple(map(reader.with_facts, request.units)) if folder or home else ()
    return FolderFacts(folder, tuple(reader.findings), reader.unreadable, reader.doubtful, asked.answers, units, home)
