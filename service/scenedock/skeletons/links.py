"""Symbolic links of a skeleton: resolved to a file or folder inside it, or refused."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.skeleton import Skeleton, SkeletonFile


def link_skeleton(
    label: str,
    version: str,
    files: Mapping[str, SkeletonFile],
    folders: Mapping[str, int],
    links: Mapping[str, str],
) -> Skeleton:
    """The skeleton with these files and folders; `links` has the target of each symbolic link, as it was written.

    cookiecutter follows links wherever they lead, so a skeleton could make it read any file of the machine. Here a link
    must point directly to a file or folder of the skeleton.

    Raises
    ------
    SkeletonError   a link is absolute, leaves the skeleton, or points to another link or to nothing
    """
    linked_files = dict(files)
    linked_folders: dict[str, str] = {}
    for path, text in sorted(links.items()):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
        if posixpath.isabs(text) or target == "." or target.startswith(".."):
            reason = "it leaves the skeleton"
        elif target in files:
            linked_files[path] = files[target]
            continue
        elif target in folders:
            linked_folders[path] = target
            continue
        elif any(target == link or target.startswith(link + "/") for link in links):
            reason = "it points to another link"
        else:
            reason = "its target doesn't exist"
        raise SkeletonError(
            f"{label}/{path}: the link to {text!r} can't be used: {reason}; replace it by a copy of the file"
        )
    return Skeleton(label, version, linked_files, folders, linked_folders)
