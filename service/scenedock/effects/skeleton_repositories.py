"""Skeletons in git repositories: fetched over https into a cache, read by commit, never checked out.

A commit's files are read straight from the object store, so nothing that a checkout would run (filters, hooks,
submodules) can run.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scenedock.errors import InputError, NotFoundError, TemporaryError
from scenedock.skeletons.links import link_skeleton
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.skeleton import Skeleton, SkeletonFile
from scenedock.skeletons.sources import GIT_REF, is_commit

MOST_FILES = 10_000
MOST_BYTES = 64 * 1024 * 1024


class SkeletonRepositories:
    """Clones of skeleton repositories below one private folder, one for each address.

    `protocols` are those that git may speak; only tests, whose server is on loopback, pass another than https.
    A branch or tag is asked for again after `fresh_for` seconds; a commit never. One git command may take `seconds`.
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
        self._protocols = tuple(protocols)
        self._fresh_for = fresh_for
        self._seconds = seconds
        self._commits: dict[tuple[str, str], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def commit(self, address: str, ref: str) -> str:
        """The commit that a ref means now, which is then in the cache.

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
        with self._clone(address) as clone:
            commit = ref if is_commit(ref) else self._remote_commit(clone, address, ref)
            if self._git(clone, "cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
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
        found = self._git(self._path(address), "rev-parse", "--verify", "--quiet", f"{commit}:{folder}")
        if found.returncode != 0:
            raise NotFoundError(f"{address}: commit {commit[:12]} has no folder {directory!r}")
        return found.stdout.decode().strip()

    def read(self, address: str, tree: str, label: str) -> Skeleton:
        """All files of a tree, as a skeleton; `label` is how errors call it.

        Raises
        ------
        SkeletonError   it is too large, or has a link that leaves it
        """
        clone = self._path(address)
        listed = self._run(clone, "ls-tree", "-r", "-t", "-z", "--full-tree", "--long", tree).decode(
            "utf-8", "surrogateescape"
        )
        folders: dict[str, int] = {}
        blobs: list[tuple[str, str, str]] = []
        size = 0
        for entry in filter(None, listed.split("\0")):
            about, _, path = entry.partition("\t")
            mode, kind, blob, length = about.split()
            if kind == "blob":
                size += int(length)
                blobs.append((path, mode, blob))
            else:
                folders[path] = 0o755  # a submodule, too, is an empty folder in a plain clone
        if len(blobs) > MOST_FILES or size > MOST_BYTES:
            raise SkeletonError(f"{label}: more than {MOST_FILES} files or {MOST_BYTES} bytes; that is no skeleton")
        contents = self._contents(clone, [blob for _, _, blob in blobs])
        files = {
            path: SkeletonFile(content, 0o755 if mode == "100755" else 0o644)
            for (path, mode, _), content in zip(blobs, contents, strict=True)
            if mode != "120000"
        }
        links = {
            path: content.decode("utf-8", "surrogateescape")
            for (path, mode, _), content in zip(blobs, contents, strict=True)
            if mode == "120000"
        }
        return link_skeleton(label, tree, files, folders, links)

    def _check(self, address: str, ref: str) -> None:
        protocol = address.partition("://")[0]
        if protocol not in self._protocols or not re.fullmatch(r"[a-z]+://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/-]+", address):
            raise InputError(f"{address!r} can't be fetched; write https://HOST/PATH, without credentials")
        if not re.search(GIT_REF, ref) or ".." in ref:
            raise InputError(f"{ref!r} is not the name of a tag, branch or commit")

    def _path(self, address: str) -> Path:
        return self._cache / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.git"

    @contextmanager
    def _clone(self, address: str) -> Iterator[Path]:
        """The bare clone of an address, to be changed by nobody else meanwhile, in this process or another."""
        path = self._path(address)
        self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._cache / f"{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (path / "HEAD").is_file():
                self._run(self._cache, "init", "--quiet", "--bare", str(path))
            for left in (*path.glob("*.lock"), *path.glob("refs/**/*.lock")):
                left.unlink()  # of a git that was killed: while we have the lock above, nobody else writes here
            yield path

    def _remote_commit(self, clone: Path, address: str, ref: str) -> str:
        listed = self._git(clone, "ls-remote", "--quiet", address, ref, f"{ref}^{{}}")
        if listed.returncode != 0:
            raise TemporaryError(f"{address} can't be reached: {_last_line(listed.stderr)}", retry_after=30)
        lines = [line.partition("\t") for line in listed.stdout.decode().splitlines()]
        commits = {name: commit for commit, _, name in lines}
        for name in (f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}", ref):
            if name in commits:
                return commits[name]
        hint = "; of a commit, write the whole id" if re.fullmatch("[0-9a-f]{7,63}", ref) else ""
        raise NotFoundError(f"{address} has no tag or branch {ref!r}{hint}")

    def _fetch(self, clone: Path, address: str, ref: str, commit: str) -> None:
        """Fetch one commit; a server that gives none by id is asked for all branches and tags."""
        quiet = ("fetch", "--quiet", "--no-auto-gc", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        self._git(clone, *quiet, "--depth=1", address, commit)
        if self._git(clone, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0:
            return
        everything = self._git(clone, *quiet, address, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        if everything.returncode != 0:
            raise TemporaryError(f"{address} can't be fetched: {_last_line(everything.stderr)}", retry_after=30)
        if self._git(clone, "cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
            raise NotFoundError(f"{address} has no commit {ref!r}")

    def _contents(self, clone: Path, blobs: Sequence[str]) -> list[bytes]:
        output = self._run(clone, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode())
        contents: list[bytes] = []
        at = 0
        for _ in blobs:
            end = output.index(b"\n", at)
            length = int(output[at:end].split()[2])
            contents.append(output[end + 1 : end + 1 + length])
            at = end + 1 + length + 1
        return contents

    def _run(self, folder: Path, *arguments: str, given: bytes = b"") -> bytes:
        """What git prints, where it must not fail."""
        done = self._git(folder, *arguments, given=given)
        if done.returncode != 0:
            raise TemporaryError(f"git {arguments[0]} failed: {_last_line(done.stderr)}", retry_after=30)
        return done.stdout

    def _git(self, folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run git with nothing of the service's environment or configuration, in a group that can be killed whole."""
        command = ["git", "-C", str(folder), "-c", "http.followRedirects=false", *arguments]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._cache),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": ":".join(self._protocols),
        }
        with subprocess.Popen(  # noqa: S603  # no shell, and every argument was checked
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        ) as process:
            try:
                output, errors = process.communicate(given, timeout=self._seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise TemporaryError(f"git took longer than {self._seconds:g} s", retry_after=60) from None
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _last_line(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "git says nothing"
