"""The last good catalog in a file, which replicas may share."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from scenedock.effects.local.disk import new_file_beside, read_file, remove_left_over, write_file
from scenedock.errors import InputError, NotFoundError
from scenedock.model.kept_catalog import KeptCatalog, KeptEdit

_LINES = 3


class CatalogStore(Protocol):
    """Where an installation keeps its catalog, one for all its replicas."""

    def version(self) -> str:
        """What the present state is called, cheaply; empty where there is none."""

    def load(self) -> KeptCatalog | None:
        """The catalog; None where there is none."""

    def save(self, kept: KeptCatalog, replacing: str) -> str | None:
        """Keep another one in the place of a version; the new version, or None if that is no longer the present one."""

    def close(self) -> None:
        """Let go of what is held open."""


class CatalogFile:
    """The catalog in a file of three lines. A lock beside it lets one process at a time replace it.

    Releases before the memory had a single line, which is the feed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def version(self) -> str:
        """What the present state is called: each has a file of its own."""
        try:
            facts = self._path.stat()
        except OSError:
            return ""
        return f"{facts.st_ino}-{facts.st_mtime_ns}-{facts.st_size}"

    def load(self) -> KeptCatalog | None:
        """The catalog; None where there is none.

        Raises
        ------
        InputError   the disk refuses
        """
        version = self.version()
        try:
            lines = read_file(self._path).decode("utf-8", "replace").split("\n")
        except NotFoundError:
            return None
        if len(lines) > _LINES:
            return KeptCatalog(lines[0], lines[1], lines[2], version)
        return KeptCatalog("", lines[0], "", version)

    def save(self, kept: KeptCatalog, replacing: str) -> str | None:
        """Keep another one in the place of a version; the new version, or None if that is no longer the present one.

        Raises
        ------
        InputError, NotFoundError   it can't be written
        """
        with self._locked():
            if self.version() != replacing:
                return None
            write_file(self._path, f"{kept.head}\n{kept.feed}\n{kept.memory}\n")
            return self.version()

    def data(self) -> bytes:
        """The data of the catalog, as it is in the file.

        Raises
        ------
        InputError, NotFoundError   it can't be read
        """
        return read_file(self._path)

    def edit(self, edit: KeptEdit, replacing: str) -> str | None:
        """Edit the data of a version; the new version, or None if that is no longer the present one.

        Raises
        ------
        InputError, NotFoundError   it can't be read or written
        """
        with self._locked():
            if not replacing or self.version() != replacing:
                return None
            data = self.data()
            try:
                path = self._path.resolve()
                with new_file_beside(path, edit.applied(data)) as beside:
                    beside.chmod(path.stat().st_mode & 0o7777)
                    beside.replace(path)
            except OSError as error:
                raise InputError(f"{self._path}: can't be written: {error.strerror or error}") from error
            return self.version()

    def close(self) -> None:
        """Nothing is held open."""

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = self._path.with_name(f".{self._path.name}.lock").open("w")
        except OSError as error:
            raise InputError(f"{self._path}: can't be written: {error.strerror or error}") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with suppress(OSError, RuntimeError):  # each may be as large as a catalog; what can't be read is said later
                remove_left_over(self._path.resolve().parent)
            yield
