"""A skeleton: the content of a cookiecutter folder, in memory."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from scenedock.skeletons.problems import SkeletonError

QUESTIONS_FILE = "cookiecutter.json"
MOST_FILES = 10_000
MOST_BYTES = 64 * 1024 * 1024
"""The total size of all files of one skeleton."""
HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")
"""The hooks that cookiecutter supports, in the order in which they run."""


def is_byte_code(path: str) -> bool:
    """Whether a file or folder is Python's byte code cache: `__pycache__`, its content, and `.pyc` files.

    Only some copies of a skeleton have it: pip compiles what it installs, and running a test in the folder creates it
    too. So byte code belongs neither to a skeleton nor to what is baked.
    """
    return path.endswith(".pyc") or "__pycache__" in path.split("/")


@dataclass(frozen=True, slots=True)
class SkeletonFile:
    """One file: its bytes and its permission bits."""

    content: bytes
    mode: int = 0o644


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
        """The skeleton in a subfolder.

        Raises
        ------
        SkeletonError   the path leaves this folder
        """
        folder = posixpath.normpath(path)
        if folder in {".", ""} or folder.startswith(("/", "..")):
            raise SkeletonError(f"{self.label}/{QUESTIONS_FILE}: {path!r} is not a folder inside the skeleton")
        prefix = folder + "/"
        return Skeleton(
            label=f"{self.label}/{folder}",
            version=f"{self.version}:{folder}",
            files={p.removeprefix(prefix): file for p, file in self.files.items() if p.startswith(prefix)},
            folders={p.removeprefix(prefix): mode for p, mode in self.folders.items() if p.startswith(prefix)},
            folder_links={
                p.removeprefix(prefix): posixpath.relpath(target, folder)
                for p, target in self.folder_links.items()
                if p.startswith(prefix)
            },
        )
