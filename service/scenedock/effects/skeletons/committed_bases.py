"""Skeletons in a working copy: the commit that has the same files, and from which others can get them again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from scenedock.effects.git.commands import ask_git, browser_address, prefix_of
from scenedock.effects.git.objects import LIST_TREE, BlobReader, tree_entries
from scenedock.effects.skeletons.trees import read_tree
from scenedock.errors import InputError
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.rendering.provenance import Provenance
from scenedock.skeletons.skeleton import MOST_BYTES, Skeleton
from scenedock.structs import replace

_MOST = 256


class CommittedBases:
    """The origins of skeletons in folders, looked up once for each version of a folder, for any number of threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Provenance] = OrderedDict()
        self._lock = threading.Lock()

    def provenance(self, name: str, folder: Path, version: str, skeleton: Skeleton) -> Provenance:
        """The origin of a skeleton: with a commit, if the latest one of its working copy has exactly its files."""
        key = (name, version)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = _committed(Provenance(name, digest=skeleton.digest), folder)
            with self._lock:
                self._known[key] = known
                while len(self._known) > _MOST:
                    self._known.popitem(last=False)
        return known


def _committed(origin: Provenance, folder: Path) -> Provenance:
    """The origin with the commit; unchanged if there is none that others can fetch, or it has other files."""
    source = browser_address(ask_git(folder, "config", "--get", "remote.origin.url").text)
    commit = ask_git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").text
    if not source or not commit:
        return origin
    if not ask_git(folder, "for-each-ref", "--count=1", "--contains", commit, "refs/remotes/origin").text:
        return origin  # not pushed yet
    directory = prefix_of(folder)
    listed = ask_git(folder, *LIST_TREE, "--long", commit)
    if listed.complaint:
        return origin
    try:
        with BlobReader(folder, most=MOST_BYTES) as blobs:
            committed = read_tree(tree_entries(listed.output), blobs, origin.skeleton, commit, directory)
    except (InputError, SkeletonError):
        return origin
    if committed.digest != origin.digest:
        return origin
    return replace(origin, source=source, directory=directory, commit=commit)
