"""Symbolic links of a skeleton: resolved to a file or folder of its repository, or refused."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.skeleton import Skeleton, SkeletonFile, is_below
from scenedock.structs import replace


def link_skeleton(
    label: str,
    version: str,
    files: Mapping[str, SkeletonFile],
    folders: Mapping[str, int],
    links: Mapping[str, str],
    directory: str = "",
) -> Skeleton:
    """The skeleton in a `directory` of a repository, of which these files and folders are known (see `reached`).

    `links` has the target of each symbolic link, as it was written. cookiecutter follows links wherever they lead, so a
    skeleton could make it read any file of the machine. Here a link must point directly to a file or folder of the
    skeleton's repository; for a skeleton without one, of its folder.

    Raises
    ------
    SkeletonError   a link is absolute, leaves the repository, or points to another link or to nothing
    """
    linked_files = dict(files)
    linked_folders: dict[str, str] = {}
    for path, text in sorted(links.items()):
        target = _target(path, text)
        if target is None:
            reason = "it leaves the skeleton" if not directory else "it leaves the skeleton's repository"
        elif target in files:
            linked_files[path] = files[target]
            continue
        elif target in folders:
            linked_folders[path] = target
            continue
        elif directory and is_below(directory, target):
            reason = "it leads to a folder that contains the skeleton"
        elif any(target == link or target.startswith(link + "/") for link in links):
            reason = "it points to another link"
        else:
            reason = "its target doesn't exist"
        shown = path.removeprefix(f"{directory}/")
        raise SkeletonError(
            f"{label}/{shown}: the link to {text!r} can't be used: {reason}; replace it by a copy of the file"
        )
    whole = Skeleton(label, version, linked_files, folders, linked_folders)
    return replace(whole.nested(directory), label=label, version=version) if directory else whole


def reached(directory: str, links_below: Callable[[str], Mapping[str, str]]) -> list[str]:
    """The folder of a skeleton in its repository, and the files and folders around it that its links lead to.

    `links_below` has the links in a folder, or at a path, with their targets as they were written. No folder that
    contains the skeleton itself is among the paths.
    """
    paths = [directory]
    for path in paths:
        for link, text in links_below(path).items():
            target = _target(link, text)
            if target is None or is_below(directory, target) or any(is_below(target, each) for each in paths):
                continue
            paths.append(target)
    return paths


def _target(link: str, text: str) -> str | None:
    """The path that a link leads to, of whose target this is the text; None where it leaves the repository."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(link), text))
    return None if posixpath.isabs(text) or target == "." or target.startswith("..") else target
