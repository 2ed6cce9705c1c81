"""The result of a bake, in memory: files and folders that can't leave the output folder."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from scenedock.errors import InputError
from scenedock.model.file_paths import LONGEST_NAME, PathRefusal, folders_above, misleading, refusal, without_dots
from scenedock.skeletons.problems import LimitError, SkeletonError
from scenedock.skeletons.sandbox.metering import BakeLimits
from scenedock.structs import dataclass


class OutputPathError(InputError):
    """A file or folder of the result would have a path that is not allowed."""


@dataclass(frozen=True, order=True, slots=True)
class BakedFile:
    """One file of the result. `path` is relative to the output folder and begins with the project's folder.

    If it is a symbolic `link`, its content is the target as it was written, and it has no mode of its own.
    """

    path: str
    content: bytes
    mode: int = 0o644
    """Permission bits, as in the skeleton's file."""
    link: bool = False

    @property
    def executable(self) -> bool:
        """Whether git would call it executable."""
        return bool(self.mode & 0o100)


@dataclass(frozen=True, slots=True)
class BakedTree:
    """The whole result. `root` is the project's folder; files and folders are sorted by path.

    `folders` has every folder, including empty ones, with its permission bits if the skeleton determines them.
    """

    root: str
    files: tuple[BakedFile, ...]
    folders: Mapping[str, int | None]

    def with_file(self, file: BakedFile) -> BakedTree:
        """The tree with one more file in it.

        Raises
        ------
        SkeletonError   the skeleton already contains a file of that name
        """
        taken = {file.path, posixpath.dirname(file.path)}
        if file.path in self.folders or any(other.path in taken for other in self.files):
            raise SkeletonError(
                f"the skeleton contains {file.path}, but Scenedock writes a file of that name; rename it"
            )
        missing = dict.fromkeys(folders_above(file.path)[self.root.count("/") :])
        folders = dict(sorted({**missing, **self.folders}.items()))
        return BakedTree(self.root, tuple(sorted((*self.files, file))), folders)


def contained(path: str, template: str, answers: Mapping[str, object]) -> str:
    """A rendered path without empty parts and dots.

    Raises
    ------
    OutputPathError   it is not allowed; the message names the path's template and the answers that may be the cause
    """
    if refused := refusal(path) or _misled(path, template):
        causes = _causes(refused.marker, answers)
        blame = f"; check the answer to {causes}" if causes else ""
        raise OutputPathError(f"the path {template!r} of the skeleton can't be used: {refused.reason}{blame}")
    return without_dots(path)


def _misled(path: str, template: str) -> PathRefusal | None:
    """Why a name in a path can't be used, unless the skeleton's author has written it so."""
    written = template.split("/")
    return next(filter(None, (misleading(name) for name in path.split("/") if name not in written)), None)


def _causes(marker: str, answers: Mapping[str, object]) -> str:
    suspects = {name: value for name, value in answers.items() if isinstance(value, str)}
    if marker:
        return ", ".join(name for name, value in suspects.items() if marker in value.lower())
    odd = [n for n, value in suspects.items() if len(value) > LONGEST_NAME // 4 or not value.isprintable()]
    return ", ".join(odd)


class OutputFolder:
    """The files and folders written so far; refuses what cookiecutter can't write to a real disk."""

    def __init__(self, root: str, limits: BakeLimits) -> None:
        self._root = root
        self._limits = limits
        self._left = limits.output_bytes
        self._folders: dict[str, int | None] = {"": None}
        self._files: dict[str, BakedFile] = {}

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at the path."""
        return path in self._folders

    def make_folder(self, path: str, template: str) -> None:
        """Create a folder and its parents."""
        if path in self._folders or path in self._files:
            reason = f"{path!r} already exists" if path else "its name is empty"
            raise OutputPathError(f"the folder {template!r} of the skeleton can't be created: {reason}")
        self._add_folder(path, template, None)

    def copy_folder(self, path: str, template: str, folders: Mapping[str, int], files: Iterable[BakedFile]) -> None:
        """Write a whole folder; it replaces an existing one."""
        for existing in [folder for folder in self._folders if folder and _is_inside(folder, path)]:
            del self._folders[existing]
        for existing in [file for file in self._files if _is_inside(file, path)]:
            del self._files[existing]
        for folder, mode in folders.items():
            self._add_folder("/".join(filter(None, (path, folder))), template, mode)
        for file in files:
            self.write("/".join(filter(None, (path, file.path))), template, file.content, file.mode)

    def write(self, path: str, template: str, content: bytes, mode: int) -> None:
        """Write a file into an existing folder; it replaces an existing file."""
        parent = posixpath.dirname(path)
        if parent not in self._folders or path in self._folders:
            raise OutputPathError(f"the file {template!r} of the skeleton can't be written: its folder doesn't exist")
        self._left -= len(content)
        if self._left < 0:
            raise LimitError(f"the result has more than {self._limits.output_bytes} bytes")
        self._files[path] = BakedFile(f"{self._root}/{path}", content, mode)
        self._check_count()

    def tree(self) -> BakedTree:
        """The result."""
        folders = {"/".join(filter(None, (self._root, path))): mode for path, mode in self._folders.items()}
        return BakedTree(self._root, tuple(sorted(self._files.values())), dict(sorted(folders.items())))

    def _add_folder(self, path: str, template: str, mode: int | None) -> None:
        for above in folders_above(path):
            if above in self._files:
                raise OutputPathError(f"the folder {template!r} of the skeleton can't be created: {above!r} is a file")
            self._folders.setdefault(above, None)
        self._folders[path] = mode
        self._check_count()

    def _check_count(self) -> None:
        if len(self._files) + len(self._folders) > self._limits.files:
            raise LimitError(f"the result has more than {self._limits.files} files and folders")


def _is_inside(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(folder + "/")
