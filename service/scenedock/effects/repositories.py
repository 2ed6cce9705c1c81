"""Repositories on disk: their files, and what git says of their address. Nothing is ever written here."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scenedock.errors import InputError, NotFoundError
from scenedock.model.helm import Listing

# Bytes of one file that are ever read; YAML of more than a third of that is refused anyway.
MOST_BYTES = 16 * 1024 * 1024
_NOT_ENTERED = frozenset({".git", "node_modules", ".venv", ".terraform"})
_SECONDS_FOR_GIT = 20
# Where git would look instead of where it is told to; a hook that runs us has them set.
_GIT_PLACES = frozenset(
    """GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_NAMESPACE""".split()
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SCP_ADDRESS = re.compile(r"(?:(?P<user>[^@/:\s]+)@)?(?P<host>[^@/:\s]+):(?P<path>[^\s@]+)")


@dataclass(frozen=True, slots=True)
class GitAddress:
    """What git knows: the address a browser opens (empty without a remote), the branch, the path inside the clone.

    `problem` says why git gave no address though it might have one, and what to do.
    """

    url: str = ""
    branch: str = ""
    prefix: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryFolder:
    """A repository as a folder on disk."""

    root: Path

    def listing(self) -> Listing:
        """Its files, sorted, without those of git; links to folders are not entered.

        Raises
        ------
        NotFoundError   there is no such folder
        InputError      it is no folder, or a folder in it may not be read: half a repository is not the repository
        """
        root = self._existing_root()
        files: list[str] = []
        outside: set[str] = set()
        unnameable: list[str] = []
        for path, entry in _walk(root):
            if not _is_text(path):
                unnameable.append(path.encode("utf-8", "backslashreplace").decode())
            elif entry.is_symlink():
                target = _target(entry.path)
                if target is not None and target.is_dir():
                    continue
                files.append(path)
                if target is None or not _is_readable_below(target, root):
                    outside.add(path)
            elif entry.is_file():
                files.append(path)
        return Listing(tuple(sorted(files)), frozenset(outside), tuple(sorted(unnameable)))

    def _existing_root(self) -> Path:
        try:
            root = self.root.resolve(strict=True)
        except FileNotFoundError:
            raise NotFoundError(f"{self.root}: there is no such folder; name the root of a repository") from None
        except (OSError, RuntimeError, ValueError) as error:
            raise _unreadable(str(self.root), error) from error
        if not root.is_dir():
            raise InputError(f"{self.root}: this is no folder; name the root of a repository")
        return root

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
            return GitAddress(problem=self._why_git_is_silent())
        branch = self._git("symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
        branch = branch or self._git("symbolic-ref", "--short", "HEAD")
        return GitAddress(url, branch or "HEAD", self._git("rev-parse", "--show-prefix").strip("/"))

    def _why_git_is_silent(self) -> str:
        asked = self._ask_git("rev-parse", "--git-dir")
        if asked is None and (self.root / ".git").exists():
            return "git isn't installed, or doesn't answer; install it (apt-get install git)"
        if asked is not None and b"dubious ownership" in asked.stderr:
            return (
                "the clone belongs to somebody else, so git won't read it; "
                f"run: git config --global --add safe.directory {shlex.quote(str(self.root.resolve()))}"
            )
        return ""

    def _git(self, *arguments: str) -> str:
        done = self._ask_git(*arguments)
        return done.stdout.decode("utf-8", "replace").strip() if done and done.returncode == 0 else ""

    def _ask_git(self, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
        try:
            return subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
                ["git", "-C", str(self.root), *arguments],  # noqa: S607 - git is found by PATH as everywhere
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS_FOR_GIT,
                check=False,
                env={
                    **{name: value for name, value in os.environ.items() if name not in _GIT_PLACES},
                    "LC_ALL": "C",
                    "GIT_OPTIONAL_LOCKS": "0",
                },
            )
        except (OSError, subprocess.TimeoutExpired):
            return None


def _walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below a folder that is no folder itself, with its path from there, in no order.

    Not by `os.walk`: that recurses, and a path of 2,000 folders is a legal one.
    """
    waiting = [""]
    while waiting:
        parent = waiting.pop()
        try:
            with os.scandir(root / parent) as entries:
                for entry in entries:
                    path = f"{parent}/{entry.name}" if parent else entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        yield path, entry
                    elif entry.name not in _NOT_ENTERED:
                        waiting.append(path)
        except OSError as error:
            raise _unreadable(str(root / parent), error) from error


def _unreadable(path: str, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(f"{path}: can't be read: {reason}; check its permissions")


def _is_text(path: str) -> bool:
    """Whether a path is Unicode: one that isn't can't stand in YAML or in a URL."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_readable_below(target: Path, root: Path) -> bool:
    """Whether what a link leads to is a file of the repository; `.git` is none of it, and may hold credentials."""
    return (
        target.is_file()
        and target.is_relative_to(root)
        and not _NOT_ENTERED.intersection(target.relative_to(root).parts)
    )


def _target(link: str) -> Path | None:
    """What a link leads to, or None where that is nothing, or a circle."""
    try:
        return Path(link).resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def _browser_address(remote: str) -> str:
    """A remote as a browser opens it: over http(s), without credentials and `.git`; empty for anything else."""
    if "://" not in remote:
        scp = _SCP_ADDRESS.fullmatch(remote)
        # Without a user, `host:path` is an address only if the host can't be a drive or a short name of ssh's.
        return _address("https", scp["host"], scp["path"]) if scp and (scp["user"] or "." in scp["host"]) else ""
    try:
        split = urlsplit(remote)
        port = f":{split.port}" if split.port and split.scheme in {"http", "https"} else ""
    except ValueError:
        return ""
    if split.scheme not in {"http", "https", "ssh"}:
        return ""
    return _address("http" if split.scheme == "http" else "https", split.hostname or "", split.path, port)


def _address(scheme: str, host: str, path: str, port: str = "") -> str:
    """The address, or nothing where it would be odd: an `@` in its path may come of a password with a slash."""
    path = path.strip("/").removesuffix(".git").rstrip("/")
    if not _HOST.fullmatch(host) or not path or "@" in path or any(sign.isspace() for sign in path):
        return ""
    return f"{scheme}://{host}{port}/{path}"
