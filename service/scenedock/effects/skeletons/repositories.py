"""Skeletons in git repositories: fetched over https into a cache, read by commit, never checked out.

A commit's files are read straight from the object store, so nothing that a checkout would run (filters, hooks,
submodules) can run.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from scenedock.effects.git.confined_git import ConfinedGit, last_line
from scenedock.effects.git.objects import LIST_TREE, tree_entries
from scenedock.errors import InputError, NotFoundError, TemporaryError
from scenedock.skeletons.links import link_skeleton
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.skeleton import MOST_BYTES, MOST_FILES, Skeleton, SkeletonFile, is_byte_code
from scenedock.skeletons.sources import GIT_ADDRESS, GIT_REF, is_commit


class SkeletonRepositories:
    """Clones of skeleton repositories below one private folder, one for each address.

    `protocols` are those that git may use; only tests, whose server is on loopback, pass another than https.
    A branch or tag is looked up again after `fresh_for` seconds; a commit never. One git command may take `seconds`.
    """

    def __init__(
        self,
        cache: Path,
        *,
        protocols: Sequence[str] = ("https",),
        fresh_for: float = 60.0,
        seconds: float = 120.0,
    ) -> None:
        self._cache = cache
        self._git = ConfinedGit(cache, tuple(protocols), seconds)
        self._fresh_for = fresh_for
        self._commits: dict[tuple[str, str], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def commit(self, address: str, ref: str) -> str:
        """The commit that a ref points to now, which is then in the cache.

        Raises
        ------
        InputError       the address or the ref is not allowed
        NotFoundError    the repository has no such ref
        TemporaryError   the repository can't be reached
        """
        self._check(address, ref)
        with self._lock:
            commit, until = self._commits.get((address, ref), ("", 0.0))
        if commit and (is_commit(ref) or time.monotonic() < until):
            return commit
        with self._git.bare(self._path(address)) as clone:
            commit = ref if is_commit(ref) else self._remote_commit(clone, address, ref)
            if self._git.run(clone, "cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
                self._fetch(clone, address, ref, commit)
        with self._lock:
            self._commits[address, ref] = commit, time.monotonic() + self._fresh_for
        return commit

    def version(self, address: str, commit: str, directory: str) -> str:
        """The git tree id of a skeleton's folder.

        Raises
        ------
        NotFoundError   the commit has no such folder
        """
        folder = f"{directory}/" if directory else ""
        done = self._git.run(self._path(address), "rev-parse", "--verify", "--quiet", f"{commit}:{folder}")
        if done.returncode != 0:
            raise NotFoundError(f"{address}: commit {commit[:12]} has no folder {directory!r}")
        return done.stdout.decode().strip()

    def read(self, address: str, tree: str, label: str) -> Skeleton:
        """All files of a tree, as a skeleton; `label` is its name in errors.

        Raises
        ------
        SkeletonError   it is too large, or a link leads out of it
        """
        clone = self._path(address)
        listed = tree_entries(self._git.output(clone, *LIST_TREE, "--long", tree))
        entries = [entry for entry in listed if not is_byte_code(entry.path)]
        blobs = [entry for entry in entries if entry.kind == "blob"]
        if len(blobs) > MOST_FILES or sum(entry.size for entry in blobs) > MOST_BYTES:
            raise SkeletonError(
                f"{label}: more than {MOST_FILES} files or {MOST_BYTES} bytes, too large for a skeleton"
            )
        # A submodule, too, is an empty folder in a plain clone.
        folders = {entry.path: 0o755 for entry in entries if entry.kind != "blob"}
        files: dict[str, SkeletonFile] = {}
        links: dict[str, str] = {}
        with self._git.blobs(clone, MOST_BYTES) as reader:
            for entry in blobs:
                content = reader.read(entry.id)
                if entry.is_link:
                    links[entry.path] = content.decode("utf-8", "surrogateescape")
                else:
                    files[entry.path] = SkeletonFile(content, 0o755 if entry.mode == "100755" else 0o644)
        return link_skeleton(label, tree, files, folders, links)

    def _check(self, address: str, ref: str) -> None:
        protocol, _, place = address.partition("://")
        if protocol not in self._git.protocols or not re.fullmatch(GIT_ADDRESS, f"https://{place}"):
            raise InputError(f"{address!r} can't be fetched; write https://HOST/PATH, without credentials")
        if not re.fullmatch(GIT_REF, ref):
            raise InputError(f"{ref!r} is not the name of a tag, branch or commit")

    def _path(self, address: str) -> Path:
        return self._cache / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.git"

    def _remote_commit(self, clone: Path, address: str, ref: str) -> str:
        listed = self._git.run(clone, "ls-remote", "--quiet", address, ref, f"{ref}^{{}}")
        if listed.returncode != 0:
            raise TemporaryError(f"{address} can't be reached: {last_line(listed.stderr)}", retry_after=30)
        lines = [line.partition("\t") for line in listed.stdout.decode().splitlines()]
        commits = {name: commit for commit, _, name in lines}
        for name in (f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}", ref):
            if name in commits:
                return commits[name]
        hint = "; for a commit, write the whole id" if re.fullmatch("[0-9a-f]{7,63}", ref) else ""
        raise NotFoundError(f"{address} has no tag or branch {ref!r}{hint}")

    def _fetch(self, clone: Path, address: str, ref: str, commit: str) -> None:
        """Fetch one commit; if the server can't send it by id, fetch all branches and tags."""
        quiet = ("fetch", "--quiet", "--no-auto-gc", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        self._git.run(clone, *quiet, "--depth=1", address, commit)
        if self._git.run(clone, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0:
            return
        everything = self._git.run(clone, *quiet, address, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        if everything.returncode != 0:
            raise TemporaryError(f"{address} can't be fetched: {last_line(everything.stderr)}", retry_after=30)
        if self._git.run(clone, "cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
            raise NotFoundError(f"{address} has no commit {ref!r}")
