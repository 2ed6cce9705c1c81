"""Skeletons in git's object store: read from a tree, without a checkout."""

from __future__ import annotations

from collections.abc import Iterable

from scenedock.effects.git.objects import BlobReader, TreeEntry
from scenedock.skeletons.links import link_skeleton, reached
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.skeleton import MOST_BYTES, MOST_FILES, Skeleton, SkeletonFile, is_below, is_byte_code


def read_tree(
    listed: Iterable[TreeEntry], blobs: BlobReader, label: str, version: str, directory: str = ""
) -> Skeleton:
    """The skeleton in a directory of a tree that was listed with sizes; `label` is its name in errors.

    Raises
    ------
    SkeletonError   it is too large, or a link leads out of the tree
    InputError      a file can't be read
    """
    known = [entry for entry in listed if not is_byte_code(entry.path)]

    def links_below(folder: str) -> dict[str, str]:
        return {each.path: _target(blobs, each) for each in known if each.is_link and is_below(each.path, folder)}

    paths = reached(directory, links_below) if directory else [""]
    entries = [entry for entry in known if any(is_below(entry.path, path) for path in paths)]
    contents = [entry for entry in entries if entry.kind == "blob"]
    if len(contents) > MOST_FILES or sum(entry.size for entry in contents) > MOST_BYTES:
        raise SkeletonError(f"{label}: more than {MOST_FILES} files or {MOST_BYTES} bytes, too large for a skeleton")
    # A submodule, too, is an empty folder in a plain clone.
    folders = {entry.path: 0o755 for entry in entries if entry.kind != "blob"}
    files: dict[str, SkeletonFile] = {}
    links: dict[str, str] = {}
    for entry in contents:
        if entry.is_link:
            links[entry.path] = _target(blobs, entry)
        else:
            files[entry.path] = SkeletonFile(blobs.read(entry.id), 0o755 if entry.mode == "100755" else 0o644)
    return link_skeleton(label, version, files, folders, links, directory)


def _target(blobs: BlobReader, link: TreeEntry) -> str:
    return blobs.read(link.id).decode("utf-8", "surrogateescape")
