"""Repositories on disk: their files, and what git says of their address. Nothing is ever written here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scenedock.effects.git.commands import GitAddress, address_of
from scenedock.errors import InputError, NotFoundError
from scenedock.model.helm import Listing

# Bytes of one file that are ever read; YAML of more than a third of that is refused anyway.
MOST_BYTES = 16 * 1024 * 1024
_BYTES_AT_ONCE = 64 * 1024
NOT_ENTERED = frozenset({".git", "node_modules", ".venv", ".terraform"})


class Repository(Protocol):
    """Where the files of a repository are read from: a folder, or a git repository at a ref."""

    def listing(self) -> Listing:
        """All its files."""

    def read(self, path: str) -> bytes:
        """The bytes of a file of the listing."""

    def address(self) -> GitAddress:
        """Where it lives, as far as git knows."""


class ServedRepository(Protocol):
    """A repository that changes while the service runs: it is looked at again and again, and read as it is then."""

    def signature(self) -> str:
        """Changes whenever its files do."""

    def opened(self) -> AbstractContextManager[Repository]:
        """The repository, to be read by one reader."""


@contextmanager
def opened(repositories: Mapping[str, ServedRepository]) -> Iterator[Mapping[str, Repository]]:
    """The repositories by name, each as it is now, for one reader."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(each.opened()) for name, each in repositories.items()}


@dataclass(frozen=True, slots=True)
class RepositoryFolder:
    """A repository as a folder on disk."""

    root: Path

    def opened(self) -> AbstractContextManager[RepositoryFolder]:
        """The folder itself, which any number may read."""
        return nullcontext(self)

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
            elif entry.is_file(follow_symlinks=False):
                files.append(path)
            elif entry.is_symlink():
                target = _target(entry.path)
                if target is not None and target.is_dir() and target.is_relative_to(root):
                    continue
                files.append(path)
                if target is None or not _is_readable_below(target, root):
                    outside.add(path)
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
            file = os.open(f"{self.root}/{path}", os.O_RDONLY)  # a file object costs twice as much
            try:
                return _content(file)
            finally:
                os.close(file)
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
        return address_of(self.root)


def _content(file: int) -> bytes:
    """The bytes of an open file, at most `MOST_BYTES`; asked for all at once, Python would get memory for as many."""
    parts: list[bytes] = []
    size = 0
    while part := os.read(file, min(_BYTES_AT_ONCE, MOST_BYTES - size)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below a folder that is no folder itself, with its path from there, in no order.

    Not by `os.walk`: that recurses, and a path of 2,000 folders is a legal one.
    """
    waiting = [""]
    while waiting:
        parent = waiting.pop()
        try:
            with os.scandir(f"{root}/{parent}") as entries:
                for entry in entries:
                    path = f"{parent}/{entry.name}" if parent else entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        yield path, entry
                    elif entry.name not in NOT_ENTERED:
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
        and not NOT_ENTERED.intersection(target.relative_to(root).parts)
    )


def _target(link: str) -> Path | None:
    """What a link leads to, or None where that is nothing, or a circle."""
    try:
        os.stat(link)  # noqa: PTH116 - resolve() would go up from a file (`file/..`), where the system refuses
        return Path(link).resolve(strict=True)
    except (OSError, RuntimeError):
        return None
