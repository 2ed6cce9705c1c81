"""The steps for each file and folder of a skeleton, in cookiecutter's order, planned once for each version."""

from __future__ import annotations

import fnmatch
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.rendering.output import BakedFile
from scenedock.skeletons.skeleton import Skeleton, SkeletonFile
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """Create the folder that `path`, a template, renders to."""

    path: str


@dataclass(frozen=True, slots=True)
class CopyFolder:
    """Copy a folder, unrendered, to where `path` renders to. `folders` and `files` are relative to it."""

    path: str
    folders: Mapping[str, int]
    files: Sequence[BakedFile]


@dataclass(frozen=True, slots=True)
class CopyFile:
    """Copy a file, unrendered, to where `path` renders to."""

    path: str
    file: SkeletonFile


@dataclass(frozen=True, slots=True)
class RenderFile:
    """Render a file to where `path` renders to; `source` is its path in the skeleton."""

    path: str
    source: str
    file: SkeletonFile


RenderStep: TypeAlias = MakeFolder | CopyFolder | CopyFile | RenderFile


def project_folder(skeleton: Skeleton, variable_start: str, variable_end: str) -> str:
    """The one folder of a skeleton that becomes the project: its name contains `cookiecutter` in braces.

    Raises
    ------
    SkeletonError   there is none, or more than one, of which cookiecutter would take any
    """
    folders = [
        name
        for name in sorted(skeleton.folders)
        if "/" not in name and "cookiecutter" in name and variable_start in name and variable_end in name
    ]
    if len(folders) == 1:
        return folders[0]
    existing = f"there are {len(folders)}: {', '.join(folders)}" if folders else "there is none"
    raise SkeletonError(
        f"{skeleton.label}: exactly one folder must have a name like "
        f"{variable_start}cookiecutter.name{variable_end}; {existing}"
    )


def plan_steps(skeleton: Skeleton, project: str, copied: Sequence[str]) -> tuple[RenderStep, ...]:
    """The steps for everything in the project folder, whose paths are relative to it.

    `copied` are the patterns of `_copy_without_render`; like cookiecutter, they match the whole unrendered path.
    """
    prefix = project + "/"
    folders = _by_parent(prefix, (*skeleton.folders, *skeleton.folder_links))
    files = _by_parent(prefix, skeleton.files)

    def is_copied(path: str) -> bool:
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in copied)

    def steps(folder: str) -> Iterator[RenderStep]:
        inside = folders.get(folder, [])
        rendered = [path for path in inside if not is_copied(path)]
        yield from (_copy_folder(skeleton, project, path) for path in inside if path not in rendered)
        yield from map(MakeFolder, rendered)
        for path in files.get(folder, []):
            file = skeleton.files[prefix + path]
            yield CopyFile(path, file) if is_copied(path) else RenderFile(path, prefix + path, file)
        for path in rendered:  # for a link, cookiecutter creates an empty folder
            yield from steps(path)

    return tuple(steps(""))


def _by_parent(prefix: str, paths: Iterable[str]) -> dict[str, list[str]]:
    """The sorted paths of the content of each folder, relative to `prefix`."""
    inside: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        if path.startswith(prefix):
            inside[posixpath.dirname(path.removeprefix(prefix))].append(path.removeprefix(prefix))
    return inside


def _copy_folder(skeleton: Skeleton, project: str, path: str) -> CopyFolder:
    """The content of a folder; links to folders of the skeleton are copied as folders."""
    folders: dict[str, int] = {}
    files: list[BakedFile] = []

    def add(source: str, target: str, above: frozenset[str]) -> None:
        source = skeleton.folder_links.get(source, source)
        if source in above:
            raise SkeletonError(
                f"{skeleton.label}/{project}/{path}: a link in this folder points back to it; remove the link"
            )
        folders[target] = skeleton.folders[source]
        inside = source + "/"
        for name, file in skeleton.files.items():
            if name.startswith(inside) and "/" not in name.removeprefix(inside):
                files.append(BakedFile(posixpath.join(target, name.removeprefix(inside)), file.content, file.mode))
        for name in (*skeleton.folders, *skeleton.folder_links):
            if name.startswith(inside) and "/" not in name.removeprefix(inside):
                add(name, posixpath.join(target, name.removeprefix(inside)), above | {source})

    add(f"{project}/{path}", "", frozenset())
    return CopyFolder(path, folders, files)
