"""The files of a chart and of its local dependencies, taken out of a repository into a folder where helm may be."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import read_document
from scenedock.effects.git.repositories import Repository
from scenedock.errors import InputError
from scenedock.model.helm import CHART_FILE, Listing
from scenedock.model.json import as_list, as_object, as_text

_LISTS_OF_DEPENDENCIES: Final = (CHART_FILE, "requirements.yaml")
_LOCAL: Final = "file://"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST_FILES: Final = 3_000
_MOST_BYTES: Final = 64 << 20
_MOST_LEVELS: Final = 8


@dataclass(frozen=True)
class ChartSource:
    """A repository whose charts are to be rendered; its files are listed once."""

    repository: Repository

    @cached_property
    def listing(self) -> Listing:
        """Its files."""
        return self.repository.listing()

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths of its files."""
        return frozenset(self.listing.files)


@dataclass(slots=True)
class ChartFiles:
    """Copies from a repository to the `root` of a tree with the same paths: plain files only, links resolved.

    A chart from the same repository that a chart depends on is copied into its folder `charts`, as
    `helm dependency build` does it, unless one is there.
    """

    source: ChartSource
    root: Path
    _files: int = 0
    _bytes: int = 0

    def copy_chart(self, folder: str) -> None:
        """Copy a chart, with all local charts that it depends on.

        Raises
        ------
        InputError   there is no chart, it is too large, a link leads out of the repository, or it depends on a chart
                     from elsewhere that isn't in its folder `charts`
        """
        self._copy_chart(folder, folder, 0)

    def values_in(self, path: str) -> bytes:
        """The contents of a values file; it counts as one that is copied.

        Raises
        ------
        InputError   there is none, it is encrypted, or a link that leads out of the repository
        """
        if path not in self.source.paths:
            raise InputError(f"{path}: there is no such file")
        copied = self.root / path
        data = copied.read_bytes() if copied.exists() else self._copy(path, path)
        if encryption_of(data):
            raise InputError(f"{path}: this file is encrypted")
        return data

    def _copy_chart(self, folder: str, to: str, level: int) -> None:
        if posixpath.join(folder, CHART_FILE) not in self.source.paths:
            raise InputError(f"{folder or '.'}: there is no {CHART_FILE}")
        if level > _MOST_LEVELS:
            raise InputError(f"{folder}: charts depend on each other more than {_MOST_LEVELS} levels deep")
        inside = f"{folder}/" if folder else ""
        names = [path.removeprefix(inside) for path in self.source.listing.files if path.startswith(inside)]
        for name in names:
            self._copy(f"{inside}{name}", posixpath.join(to, name))
        vendored = set(_charts_in(names))
        missing: list[str] = []
        for name, source in dict(self._dependencies(folder)).items():
            if name in vendored:
                continue
            if source.startswith(_LOCAL):
                self._copy_chart(self._local(folder, name, source), posixpath.join(to, "charts", name), level + 1)
            else:
                missing.append(f"{name} from {source}" if source else name)
        if missing:
            raise InputError(
                f"{inside}{CHART_FILE}: needs a network, or these charts in {inside}charts: {', '.join(missing)}"
            )

    def _dependencies(self, folder: str) -> Iterator[tuple[str, str]]:
        """The name of each chart that a chart depends on, and where that comes from."""
        for file in _LISTS_OF_DEPENDENCIES:
            path = posixpath.join(folder, file)
            if path in self.source.paths:
                document = as_object(read_document(self.source.repository.read(path)).value)
                for each in map(as_object, as_list(document.get("dependencies"))):
                    if not _NAME.fullmatch(name := as_text(each.get("name"))):
                        raise InputError(f"{path}: {name[:100]!r} can't be the name of a chart")
                    yield name, as_text(each.get("repository"))

    def _local(self, folder: str, name: str, source: str) -> str:
        """The folder of a local chart: where the address leads, or one of its name there."""
        path = posixpath.join(folder, source.removeprefix(_LOCAL))
        for candidate in (posixpath.normpath(path), posixpath.normpath(posixpath.join(path, name))):
            found = "" if candidate == "." else candidate
            if posixpath.join(found, CHART_FILE) in self.source.paths:
                return found
        at = posixpath.join(folder, CHART_FILE)
        raise InputError(f"{at}: the repository has no chart {name} at {source}")

    def _copy(self, path: str, to: str) -> bytes:
        if path in self.source.listing.outside:
            raise InputError(f"{path}: this link leads out of the repository, or nowhere")
        try:
            data = self.source.repository.read(path)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        self._files += 1
        self._bytes += len(data)
        if self._files > _MOST_FILES or self._bytes > _MOST_BYTES:
            raise InputError(
                f"the chart has more than {_MOST_FILES:,} files or {_MOST_BYTES >> 20} MiB, with those it depends on"
            )
        target = self.root / to
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:  # a chart may have a file where another chart would come
            raise InputError(f"{path}: can't be copied: {error.strerror}") from error
        return data


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
