"""Skeletons in git's object store: read from a tree, without a checkout."""

from __future__ import annotations

from collections.abc import Iterable

from scenedock.effects.git.objects import BlobReader, TreeEntry
from scenedock.skeletons.links import link_skeleton
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.skeleton import MOST_BYTES, MOST_FILES, Skeleton, SkeletonFile, is_byte_code


def read_tree(listed: Iterable[TreeEntry], blobs: BlobReader, label: str, version: str) -> Skeleton:
    """All files of a tree that was listed with sizes, as a skeleton; `label` is its name in errors.

    Raises
    ------
    SkeletonError   it is too large, or a link leads out of it
    InputError      a file can't be read
    """
    entries = [entry for entry in listed if not is_byte_code(entry.path)]
    contents = [entry for entry in entries if entry.kind == "blob"]
    if len(contents) > MOST_FILES or sum(entry.size for entry in contents) > MOST_BYTES:
        raise SkeletonError(f"{label}: more than {MOST_FILES} files or {MOST_BYTES} bytes, too large for a skeleton")
    # A submodule, too, is an empty folder in a plain clone.
    folders = {entry.path: 0o755 for entry in entries if entry.kind != "blob"}
    files: dict[str, SkeletonFile] = {}
    links: dict[str, str] = {}
    for entry in contents:
        content = blobs.read(entry.id)
        if entry.is_link:
            links[entry.path] = content.decode("utf-8", "surrogateescape")
        else:
            files[entry.path] = SkeletonFile(content, 0o755 if entry.mode == "100755" else 0o644)
    return link_skeleton(label, version, files, folders, links)
