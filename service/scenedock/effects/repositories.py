"""Repositories on disk: their files, and what git says of their address. Nothing is ever written here."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scenedock.errors import InputError, NotFoundError
from scenedock.model.helm import Listing

# Bytes of one file that are ever read; YAML of more than a third of that is refused anyway.
MOST_BYTES = 16 * 1024 * 1024
_NOT_ENTERED = frozenset({".git", "node_modules", ".venv", ".terraform"})
_SECONDS_FOR_GIT = 20
_SSH_ADDRESS = re.compile(r"^(?:ssh://)?(?:[^@/]+@)?(?P<host>[^:/]+)(?::\d+/|[:/])(?P<path>.+)$")
_WEB_ADDRESS = re.compile(r"^https?://(?:[^@/]*@)?(?P<rest>.+)$")


@dataclass(frozen=True, slots=True)
class GitAddress:
    """What git knows: the address a browser opens (empty without a remote), the branch, the path inside the clone."""

    url: str = ""
    branch: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryFolder:
    """A repository as a folder on disk."""

    root: Path

    def listing(self) -> Listing:
        """Its files, sorted, without those of git; links to folders are not entered.

        Raises
        ------
        NotFoundError   there is no such folder
        InputError      it is no folder, or may not be read
        """
        if not self.root.exists():
            raise NotFoundError(f"{self.root}: there is no such folder; name the root of a repository")
        if not self.root.is_dir():
            raise InputError(f"{self.root}: this is no folder; name the root of a repository")
        real_root = self.root.resolve()
        files: list[str] = []
        outside: set[str] = set()
        for path in sorted(self._walk(self.root)):
            relative = path.relative_to(self.root).as_posix()
            if path.is_symlink() and not _is_file_below(path, real_root):
                outside.add(relative)
            elif not path.is_symlink() and not stat.S_ISREG(path.lstat().st_mode):
                continue
            files.append(relative)
        return Listing(tuple(sorted(files)), frozenset(outside))

    def read(self, path: str) -> bytes:
        """The bytes of a file of the listing, at most `MOST_BYTES` of them.

        Raises
        ------
        InputError   it can't be read
        """
        try:
            with (self.root / path).open("rb") as file:
                return file.read(MOST_BYTES)
        except OSError as error:
            raise InputError(f"can't be read: {error.strerror or error}") from error

    def signature(self) -> str:
        """Changes whenever a file does: a digest of all names, sizes and times.

        Raises
        ------
        InputError, NotFoundError   as `listing` does
        """
        digest = hashlib.sha256()
        for path in (*self.listing().files, ".git/HEAD", ".git/config"):
            try:
                facts = (self.root / path).stat()
            except OSError:
                continue
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0{facts.st_ino}\n".encode())
        return digest.hexdigest()

    def address(self) -> GitAddress:
        """What git says; nothing where the folder is no clone or git isn't there."""
        url = _browser_address(self._git("config", "--get", "remote.origin.url"))
        if not url:
            return GitAddress()
        branch = self._git("symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
        branch = branch or self._git("symbolic-ref", "--short", "HEAD")
        return GitAddress(url, branch or "HEAD", self._git("rev-parse", "--show-prefix").strip("/"))

    def _walk(self, folder: Path) -> Iterator[Path]:
        def refuse(error: OSError) -> None:
            raise InputError(f"{error.filename}: can't be read: {error.strerror}; check its permissions") from error

        for parent, folders, files in os.walk(folder, onerror=refuse):
            folders[:] = sorted(name for name in folders if name not in _NOT_ENTERED)
            yield from (Path(parent, name) for name in files if _is_text(name))
            folders[:] = [name for name in folders if _is_text(name)]

    def _git(self, *arguments: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
                ["git", "-C", str(self.root), *arguments],  # noqa: S607 - git is found by PATH as everywhere
                capture_output=True,
                timeout=_SECONDS_FOR_GIT,
                check=False,
                env={**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def _is_text(name: str) -> bool:
    """Whether a file's name is Unicode: one that isn't can't stand in YAML or in a URL."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_file_below(link: Path, root: Path) -> bool:
    """Whether a link leads to a file inside the root."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return target.is_file() and target.is_relative_to(root)


def _browser_address(remote: str) -> str:
    """A remote as a browser opens it: over https, without credentials and `.git`; empty for a mere path."""
    if web := _WEB_ADDRESS.match(remote):
        scheme, rest = remote.partition("://")[0], web["rest"]
    elif "://" in remote and not remote.startswith("ssh://"):
        return ""
    elif (ssh := _SSH_ADDRESS.match(remote)) and ("@" in remote or remote.startswith("ssh://")):
        scheme, rest = "https", f"{ssh['host']}/{ssh['path']}"
    else:
        return ""
    return f"{scheme}://{rest.rstrip('/').removesuffix('.git').rstrip('/')}"
