"""The files of a chart and of its local dependencies, taken out of a repository into a folder where helm may be."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Final

from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import read_document
from scenedock.effects.git.repositories import Repository
from scenedock.effects.helm.chart_cache import ChartCache
from scenedock.effects.helm.chart_lock import ListedChart, listed_in, locked_versions
from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.errors import InputError
from scenedock.model.helm import CHART_FILE, Listing
from scenedock.model.json import as_object
from scenedock.structs import dataclass, field

_LISTS_OF_DEPENDENCIES: Final = (CHART_FILE, "requirements.yaml")
_LOCKS: Final = ((CHART_FILE, "Chart.lock"), ("requirements.yaml", "requirements.lock"))
_LOCAL: Final = "file://"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST_FILES: Final = 3_000
_MOST_BYTES: Final = 64 << 20
_MOST_LEVELS: Final = 8


@dataclass(frozen=True)
class ChartSource:
    """A repository whose charts are to be rendered; its files are listed once."""

    repository: Repository
    local: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)
    """The local charts that a chart depends on, where that has been asked."""

    @cached_property
    def listing(self) -> Listing:
        """Its files."""
        return self.repository.listing()

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths of its files."""
        return frozenset(self.listing.files)

    def below(self, folder: str) -> Iterator[str]:
        """The files in a folder and in those below it; in the root, all."""
        files, beginning = self.listing.files, f"{folder}/" if folder else ""
        for number in range(bisect_left(files, beginning), len(files)):
            if not files[number].startswith(beginning):
                return
            yield files[number]

    def values_in(self, path: str) -> bytes:
        """The contents of a values file.

        Raises
        ------
        InputError   there is none, it is encrypted, or a link that leads out of the repository
        """
        if path not in self.paths:
            raise InputError(f"{path}: there is no such file")
        data = self.read(path)
        if encryption_of(data):
            raise InputError(f"{path}: this file is encrypted")
        return data

    def read(self, path: str) -> bytes:
        """The contents of a file.

        Raises
        ------
        InputError   it can't be read, or is a link that leads out of the repository
        """
        if path in self.listing.outside:
            raise InputError(f"{path}: this link leads out of the repository, or nowhere")
        try:
            return self.repository.read(path)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None


@dataclass(slots=True)
class ChartFiles:
    """Copies from a repository to the `root` of a tree with the same paths: plain files only, links resolved.

    A chart from the same repository that a chart depends on is copied into its folder `charts`, as
    `helm dependency build` does it, unless one is there.
    """

    source: ChartSource
    root: Path
    cache: ChartCache | None = None
    size: int = 0
    _files: int = 0
    _folders: set[str] = field(default_factory=set)

    def copy_chart(self, folder: str) -> None:
        """Copy a chart, with all local charts that it depends on.

        Raises
        ------
        InputError   there is no chart, it is too large, a link leads out of the repository, or it depends on a chart
                     from elsewhere that isn't in its folder `charts`
        """
        self._copy_chart(folder, folder, 0)

    def _copy_chart(self, folder: str, to: str, level: int) -> None:
        if posixpath.join(folder, CHART_FILE) not in self.source.paths:
            raise InputError(f"{folder or '.'}: there is no {CHART_FILE}")
        if level > _MOST_LEVELS:
            raise InputError(f"{folder}: charts depend on each other more than {_MOST_LEVELS} levels deep")
        inside = f"{folder}/" if folder else ""
        names = {path.removeprefix(inside): path for path in self.source.below(folder)}
        for link in sorted(path for path in self.source.listing.folder_links if path.startswith(inside)):
            names |= {f"{link.removeprefix(inside)}/{name}": path for name, path in self._behind(link)}
        for name, path in names.items():
            self._copy(path, posixpath.join(to, name))
        vendored = set(_charts_in(list(names)))
        missing: list[str] = []
        for each in self.dependencies(folder):
            name, source = each.name, each.repository
            if name in vendored:
                continue
            vendored.add(name)
            if source.startswith(_LOCAL):
                self._copy_chart(self.local(folder, name, source), posixpath.join(to, "charts", name), level + 1)
            elif self.cache and source.startswith(("https://", "oci://")):
                archive = self._kept(self._exact(folder, each), folder)
                self._write(posixpath.join(to, "charts", f"{name}.tgz"), archive, folder)
            else:
                missing.append(f"{name} from {source}" if source else name)
        if missing:
            raise InputError(
                f"{inside}{CHART_FILE}: needs a network, or these charts in {inside}charts: {', '.join(missing)}"
            )

    def _behind(self, link: str) -> Iterator[tuple[str, str]]:
        """The files in the folder that a link leads to, by their names there: helm reads them as the chart's own."""
        folder = self.source.repository.real_path(link)
        inside = f"{folder}/"
        if f"{link}/".startswith(inside) or any(each.startswith(inside) for each in self.source.listing.folder_links):
            raise InputError(f"{link}: this link leads to a folder with further links, which are not followed")
        return ((path.removeprefix(inside), path) for path in self.source.below(folder))

    def _kept(self, chart: RemoteChart, folder: str) -> bytes:
        """The archive of a chart from elsewhere that the chart in a folder needs."""
        try:
            return self.cache.archive(chart) if self.cache else b""
        except InputError as error:
            raise InputError(f"{posixpath.join(folder, CHART_FILE)}: {error}") from error

    def _exact(self, folder: str, listed: ListedChart) -> RemoteChart:
        """A chart from elsewhere in the version that the lock says, or that is written."""
        for file, lock in _LOCKS:
            path, at = posixpath.join(folder, lock), posixpath.join(folder, file)
            if path in self.source.paths and at in self.source.paths:
                documents = [as_object(read_document(self.source.read(each)).value) for each in (at, path)]
                versions = locked_versions(documents[0], documents[1], path)
                listed = listed._replace(version=versions.get((listed.name, listed.repository), listed.version))
        if not listed.is_exact:
            said = f"the version {listed.version!r} of {listed.name} from {listed.repository} isn't exact"
            raise InputError(f"{posixpath.join(folder, CHART_FILE)}: {said}, and there is no Chart.lock that says more")
        return RemoteChart(listed.repository, listed.name, listed.version)

    def dependencies(self, folder: str) -> Iterator[ListedChart]:
        """The charts that a chart depends on.

        Raises
        ------
        InputError   its file can't be read, or a name can't be one
        """
        for file in _LISTS_OF_DEPENDENCIES:
            path = posixpath.join(folder, file)
            if path in self.source.paths:
                document = as_object(read_document(self.source.repository.read(path)).value)
                for each in listed_in(document):
                    if not _NAME.fullmatch(each.name):
                        raise InputError(f"{path}: {each.name[:100]!r} can't be the name of a chart")
                    yield each

    def local(self, folder: str, name: str, source: str) -> str:
        """The folder of a local chart: where the address leads, or one of its name there.

        Raises
        ------
        InputError   there is none
        """
        path = posixpath.join(folder, source.removeprefix(_LOCAL))
        for candidate in (posixpath.normpath(path), posixpath.normpath(posixpath.join(path, name))):
            found = "" if candidate == "." else candidate
            if posixpath.join(found, CHART_FILE) in self.source.paths:
                return found
        at = posixpath.join(folder, CHART_FILE)
        raise InputError(f"{at}: the repository has no chart {name} at {source}")

    def _copy(self, path: str, to: str) -> None:
        self._write(to, self.source.read(path), path)

    def _write(self, to: str, data: bytes, path: str) -> None:
        self._files += 1
        self.size += len(data)
        if self._files > _MOST_FILES or self.size > _MOST_BYTES:
            raise InputError(
                f"the chart has more than {_MOST_FILES:,} files or {_MOST_BYTES >> 20} MiB, with those it depends on"
            )
        folder = posixpath.dirname(to)
        try:
            if folder not in self._folders:
                (self.root / folder).mkdir(parents=True, exist_ok=True)
                self._folders.add(folder)
            with open(f"{self.root}/{to}", "wb") as file:  # noqa: PTH123 - a Path for each costs as much as the copy
                file.write(data)
        except OSError as error:  # a chart may have a file where another chart would come
            raise InputError(f"{path}: can't be copied: {error.strerror}") from error


def local_charts(source: ChartSource, folder: str) -> frozenset[str]:
    """The folders of a chart and of all local charts that it depends on, as far as they can be read."""
    if folder in source.local:
        return source.local[folder]
    found: set[str] = set()
    waiting = [folder]
    files = ChartFiles(source, Path())
    while waiting:
        chart = waiting.pop()
        if chart in found:
            continue
        found.add(chart)
        with suppress(InputError):
            listed = [each for each in files.dependencies(chart) if each.repository.startswith(_LOCAL)]
            waiting += [files.local(chart, each.name, each.repository) for each in listed]
    source.local[folder] = frozenset(found)
    return source.local[folder]


def _charts_in(names: list[str]) -> Iterator[str]:
    """The names of the charts in the folder `charts`: as folders, and as archives `NAME-VERSION.tgz`."""
    for name in names:
        top, _, rest = name.partition("/")
        if top == "charts" and rest:
            chart, _, inside = rest.partition("/")
            if inside == CHART_FILE:
                yield chart
            elif not inside and (archive := re.fullmatch(r"(.+?)-v?\d.*\.tgz", chart)):
                yield archive[1]
