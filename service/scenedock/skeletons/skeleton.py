"""A skeleton: the content of a cookiecutter folder, in memory."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

from scenedock.model.file_paths import folders_above
from scenedock.skeletons.problems import SkeletonError
from scenedock.structs import dataclass, field

QUESTIONS_FILE = "cookiecutter.json"
MOST_FILES = 10_000
MOST_BYTES = 64 * 1024 * 1024
"""The total size of all files of one skeleton."""
BESIDE = ".scenedock-beside"
"""The folder of a skeleton that has what its links lead to in the rest of its repository; it is never rendered."""
HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")
"""The hooks that cookiecutter supports, in the order in which they run."""


def is_byte_code(path: str) -> bool:
    """Whether a file or folder is Python's byte code cache: `__pycache__`, its content, and `.pyc` files.

    Only some copies of a skeleton have it: pip compiles what it installs, and running a test in the folder creates it
    too. So byte code belongs neither to a skeleton nor to what is baked.
    """
    return path.endswith(".pyc") or "__pycache__" in path.split("/")


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder's, or in it."""
    return not folder or path == folder or path.startswith(f"{folder}/")


@dataclass(frozen=True, slots=True)
class SkeletonFile:
    """One file: its bytes and its permission bits."""

    content: bytes
    mode: int = 0o644


T = TypeVar("T")


@dataclass(frozen=True)
class Skeleton:
    """A skeleton's folder. All paths are relative to it, with `/`, and none leaves it.

    `version` changes whenever anything in the folder changes: a git tree id, or a signature of the files' states.
    `label` names the folder in errors. `folders` has the permission bits of each folder. `folder_links` has each
    link to a folder of the skeleton, with its target; a link to a file is read as the file.
    """

    label: str
    version: str
    files: Mapping[str, SkeletonFile]
    folders: Mapping[str, int] = field(default_factory=dict)
    folder_links: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """A digest of all paths, modes and bytes, the same on every machine."""
        states = hashlib.sha256()
        for path, file in sorted(self.files.items()):
            name = path.encode("utf-8", "surrogateescape")
            states.update(b"%d %s %d %o\0" % (len(name), name, len(file.content), file.mode & 0o111))
            states.update(file.content)
        return f"sha256:{states.hexdigest()}"

    def text(self, path: str) -> str | None:
        """A file's text, with all line ends as line feeds, or None if there is no such file.

        Raises
        ------
        SkeletonError   the file is not UTF-8
        """
        file = self.files.get(path)
        if file is None:
            return None
        try:
            return file.content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            line = file.content[: error.start].count(b"\n") + 1
            raise SkeletonError(
                f"{self.label}/{path}:{line}: the file is neither UTF-8 nor detected as binary; "
                "save it as UTF-8, or list it under `_copy_without_render`"
            ) from error

    def hooks(self, name: str | None = None) -> list[str]:
        """The sorted paths of the hook scripts, or of those with one name."""
        hooks = HOOKS if name is None else (name,)
        names = (path.removeprefix("hooks/") for path in sorted(self.files) if path.startswith("hooks/"))
        return [f"hooks/{n}" for n in names if "/" not in n and posixpath.splitext(n)[0] in hooks and n[-1] != "~"]

    def nested(self, path: str) -> Skeleton:
        """The skeleton in a subfolder, with what its links lead to outside of that.

        Raises
        ------
        SkeletonError   the path leaves this folder
        """
        folder = posixpath.normpath(path)
        if folder in {".", ""} or folder.startswith(("/", "..")):
            raise SkeletonError(f"{self.label}/{QUESTIONS_FILE}: {path!r} is not a folder inside the skeleton")
        kept = self._kept_for(folder)

        def places(paths: Mapping[str, T]) -> dict[str, T]:
            inside = {p: value for p, value in paths.items() if any(is_below(p, each) for each in kept)}
            return {_place(p, folder): value for p, value in inside.items() if p != folder}

        beside = [_place(each, folder) for each in kept[1:]]
        above = dict.fromkeys((part for each in beside for part in folders_above(each)), 0o755)
        links = {p: _place(target, folder) for p, target in places(self.folder_links).items()}
        return Skeleton(
            label=f"{self.label}/{folder}",
            version=f"{self.version}:{folder}",
            files=places(self.files),
            folders={**above, **places(self.folders)},
            folder_links=links,
        )

    def _kept_for(self, folder: str) -> list[str]:
        """The folder, and those outside of it that links in it lead to, directly or through others."""
        kept = [folder]
        for each in kept:
            for path, target in self.folder_links.items():
                if not is_below(path, each):
                    continue
                if is_below(folder, target):
                    raise SkeletonError(f"{self.label}/{path}: the link leads to a folder that contains it; remove it")
                if not any(is_below(target, other) for other in kept):
                    kept.append(target)
        return kept


def _place(path: str, folder: str) -> str:
    """The place of a path in the skeleton of a folder."""
    if path.startswith(f"{folder}/"):
        return path.removeprefix(f"{folder}/")
    return path if is_below(path, BESIDE) else f"{BESIDE}/{path}"
