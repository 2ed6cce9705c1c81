"""Repositories on disk: their files, and their address from git. Nothing is ever written here."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from scenedock.effects.git.commands import GitAddress, address_of
from scenedock.effects.git.directories import StatesIn, look_at_directories
from scenedock.effects.git.git_files import states_of_clone
from scenedock.effects.git.snapshots import Changes, FileState, SeenTree, Snapshot, TreeState, state_of
from scenedock.errors import InputError, NotFoundError
from scenedock.model.helm import Listing
from scenedock.structs import dataclass

# A larger file isn't read; YAML of more than a third of that is refused anyway.
MOST_BYTES = 16 * 1024 * 1024
_BYTES_AT_ONCE = 64 * 1024
# File systems note times in steps, of up to two seconds.
_NANOSECONDS_TO_SETTLE = 2_000_000_000
NOT_ENTERED = frozenset({".git", "node_modules", ".venv", ".terraform"})


class Repository(Protocol):
    """The source of a repository's files: a folder, or a git repository at a ref."""

    def listing(self) -> Listing:
        """All its files."""

    def read(self, path: str) -> bytes:
        """The bytes of a file of the listing."""

    def real_path(self, path: str) -> str:
        """The path of what a path leads to through links; the same where that isn't in the repository."""

    def is_executable(self, path: str) -> bool:
        """Whether a file of the listing is executable."""

    def address(self) -> GitAddress:
        """Its address, as far as git knows it."""

    def snapshot(self) -> Snapshot:
        """Its files as they are now: what is read later is no older."""

    def changes(self, since: Snapshot) -> Changes | None:
        """What has changed since a snapshot; None where there are other files now, or nobody can tell."""

    def look(self, since: TreeState, states_in: StatesIn) -> SeenTree | None:
        """What has changed since another look, by as little as possible; None where that can't be told."""

    def history_root(self) -> tuple[Path, str]:
        """The folder in a clone, or the bare repository, whose history its files have, and the ref that is read."""


class ServedRepository(Protocol):
    """A repository that changes while the service runs: it is checked repeatedly, and read in its current state."""

    def signature(self) -> str:
        """Changes whenever its files do."""

    def opened(self) -> AbstractContextManager[Repository]:
        """The repository, for one reader."""


@contextmanager
def opened(repositories: Mapping[str, ServedRepository]) -> Iterator[Mapping[str, Repository]]:
    """The repositories by name, each in its current state, for one reader."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(each.opened()) for name, each in repositories.items()}


@dataclass(frozen=True, slots=True)
class RepositoryFolder:
    """A repository as a folder on disk."""

    root: Path

    def opened(self) -> AbstractContextManager[RepositoryFolder]:
        """The folder itself, for any number of readers."""
        return nullcontext(self)

    def listing(self) -> Listing:
        """Its files, sorted, without those of git; links to folders are not entered, and no path the system can't open.

        Raises
        ------
        NotFoundError   there is no such folder
        InputError      it isn't a folder, or a bare git repository, or a folder in it can't be read: an incomplete
                        listing is never returned
        """
        root = self._existing_root()
        files: list[str] = []
        links: set[str] = set()
        folder_links: set[str] = set()
        outside: set[str] = set()
        unnameable: list[str] = []
        too_deep: list[str] = []
        special: list[str] = []
        for path, entry in _walk(root, too_deep.append):
            if not (path.isascii() or _is_text(path)):
                unnameable.append(path.encode("utf-8", "backslashreplace").decode())
            elif entry.is_file(follow_symlinks=False):
                files.append(path)
            elif not entry.is_symlink():
                special.append(path)
            else:
                target = _target(entry.path)
                if target is not None and target.is_dir() and target.is_relative_to(root):
                    folder_links.add(path)
                    continue
                files.append(path)
                links.add(path)
                if target is None or not _is_readable_below(target, root):
                    outside.add(path)
        others = tuple(sorted(unnameable)), tuple(sorted(too_deep))
        linked = frozenset(links), frozenset(folder_links)
        return Listing(tuple(sorted(files)), frozenset(outside), *others, *linked, tuple(sorted(special)))

    def _existing_root(self) -> Path:
        try:
            root = self.root.resolve(strict=True)
        except FileNotFoundError:
            raise NotFoundError(f"{self.root}: there is no such folder; pass the root of a repository") from None
        except (OSError, RuntimeError, ValueError) as error:
            raise _unreadable(str(self.root), error) from error
        if not root.is_dir():
            raise InputError(f"{self.root}: this is not a folder; pass the root of a repository")
        try:
            is_bare = (root / "HEAD").is_file() and (root / "objects").is_dir() and (root / "refs").is_dir()
        except OSError as error:  # the folder may not be entered
            raise _unreadable(str(self.root), error) from error
        if is_bare:
            raise InputError(f"{self.root}: this is a bare git repository, without files; pass --ref to read a branch")
        return root

    def read(self, path: str) -> bytes:
        """The bytes of a file of the listing.

        Raises
        ------
        InputError   it can't be read, or has more than `MOST_BYTES`
        """
        try:
            # A file object costs twice as much; a pipe, which may have come into its place, isn't waited for.
            file = os.open(f"{self.root}/{path}", os.O_RDONLY | os.O_NONBLOCK)
            try:
                return _content(file)
            finally:
                os.close(file)
        except OSError as error:
            raise InputError(f"can't be read: {error.strerror or error}") from error

    def real_path(self, path: str) -> str:
        """The path of what a path leads to through links; the same where that isn't in the repository."""
        target, root = _target(f"{self.root}/{path}"), self.root.resolve()
        return target.relative_to(root).as_posix() if target and target.is_relative_to(root) else path

    def is_executable(self, path: str) -> bool:
        """Whether a file of the listing is executable for its owner, which is what git notes."""
        try:
            return bool((self.root / path).stat().st_mode & stat.S_IXUSR)
        except OSError:
            return False

    def signature(self) -> str:
        """Changes whenever a file or its commit does: a digest of names, sizes, inodes, and times that no program sets.

        Raises
        ------
        InputError, NotFoundError   as `listing` does
        """
        import hashlib  # loads OpenSSL, for which an export has no use

        root = self._existing_root()
        digest = hashlib.sha256()
        waiting = [str(root)]
        while waiting:  # as `_walk` does, but with as little work for each file as possible
            folder, lines = waiting.pop(), list[str]()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if not entry.is_dir(follow_symlinks=False):
                            facts = entry.stat(follow_symlinks=False)
                            lines.append(f"{entry.name}\0{facts.st_size} {facts.st_ctime_ns} {facts.st_ino}")
                        elif entry.name not in NOT_ENTERED:
                            lines.append(f"{entry.name}/")
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise _unreadable(folder, error) from error
            lines.sort()
            waiting.extend(f"{folder}/{line[:-1]}" for line in lines if line[-1] == "/")
            digest.update("\n".join([folder, *lines]).encode("utf-8", "surrogateescape"))
        digest.update("\n".join(states_of_clone(root)).encode())
        return digest.hexdigest()

    def snapshot(self) -> Snapshot:
        """The states of its files; of one that was changed just now, None: it may change again and look the same.

        Raises
        ------
        InputError, NotFoundError   as `listing` does
        """
        settled = time.time_ns() - _NANOSECONDS_TO_SETTLE
        states: dict[str, FileState] = {}
        links = False
        for path, entry in _walk(self._existing_root(), lambda _path: None):
            state = state_of(entry.stat(follow_symlinks=False))
            links = links or entry.is_symlink()
            states[path] = state if max(state[1:3]) < settled and not entry.is_symlink() else None
        return Snapshot(states, links=links)

    def changes(self, since: Snapshot) -> Changes | None:
        """What has changed; None where there are other files, or some are links.

        Raises
        ------
        InputError, NotFoundError   as `listing` does
        """
        return since.changes(self.snapshot())

    def look(self, since: TreeState, states_in: StatesIn) -> SeenTree | None:
        """The files with other states; None where there are other files, or one in a changed directory is a link.

        Raises
        ------
        InputError, NotFoundError   as `listing` does
        """
        root, settled = self._existing_root(), time.time_ns() - _NANOSECONDS_TO_SETTLE
        try:
            return look_at_directories(root, since, states_in, settled, NOT_ENTERED)
        except OSError as error:
            raise _unreadable(str(root), error) from error

    def history_root(self) -> tuple[Path, str]:
        """Itself; it may be no clone."""
        return self.root, "HEAD"

    def address(self) -> GitAddress:
        """The address from git; empty if the folder is not a clone or git isn't installed."""
        return address_of(self.root)


def check_size(size: int, most: int = MOST_BYTES) -> None:
    """Refuse a file for its size before it is read.

    Raises
    ------
    InputError   it has more than `most` bytes
    """
    if size > most:
        raise InputError(f"can't be read: it has {size:,} bytes, and at most {most:,} of a file are read")


def _content(file: int) -> bytes:
    """The bytes of an open file, in parts: one read would reserve the memory of the largest."""
    facts = os.fstat(file)
    if stat.S_ISFIFO(facts.st_mode):
        raise InputError("can't be read: this is a pipe, not a file")
    size = facts.st_size
    check_size(size)
    first = os.read(file, min(size + 1, _BYTES_AT_ONCE))
    if len(first) == size < _BYTES_AT_ONCE:  # there was room for more, so this is the end: most files take one read
        return first
    parts, size = [first], len(first)
    while part := os.read(file, _BYTES_AT_ONCE):
        parts.append(part)
        size += len(part)
        check_size(size)  # it may have grown meanwhile
    return b"".join(parts)


def _walk(root: Path, too_deep: Callable[[str], object]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below a folder that is not a folder itself, by its relative path, in no particular order.

    `too_deep` is called with each folder whose path is too long for the system. Not with `os.walk`: that recurses, and
    a path of 2,000 folders is valid.
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
            if error.errno != errno.ENAMETOOLONG:
                raise _unreadable(str(root / parent), error) from error
            too_deep(parent)


def _unreadable(path: str, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path}: something vanished while it was read: {reason}; try again")
    return InputError(f"{path}: can't be read: {reason}; check its permissions")


def _is_text(path: str) -> bool:
    """Whether a path is Unicode: one that isn't can't be written in YAML or in a URL."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_readable_below(target: Path, root: Path) -> bool:
    """Whether a link leads to a file of the repository; `.git` is not part of it, and may contain credentials."""
    return (
        target.is_file()
        and target.is_relative_to(root)
        and not NOT_ENTERED.intersection(target.relative_to(root).parts)
    )


def _target(link: str) -> Path | None:
    """The target of a link, or None if it doesn't exist or is a circle."""
    try:
        os.stat(link)  # noqa: PTH116 - resolve() would go up from a file (`file/..`), where the system refuses
        return Path(link).resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def name_repositories(paths: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A name for each path: its last folder, with more of the path if two names would be equal.

    `paths` are pairs of the path as it was typed and the absolute path. The name of a bare repository has no `.git`.

    Raises
    ------
    InputError   a path occurs twice
    """
    names: dict[str, str] = {}
    for number, (path, absolute) in enumerate(paths):
        if any(absolute == other for _, other in paths[:number]):
            raise InputError(f"{path}: this repository is listed twice; list each only once")
        text = absolute.encode(errors="surrogateescape").decode(errors="replace")
        segments = [segment.removesuffix(".git") or segment for segment in text.split("/") if segment] or ["root"]
        for length in range(1, len(segments) + 1):
            name = "/".join(segments[-length:])
            if name not in names:
                break
        else:  # two paths that differ only in bytes that are not Unicode
            name = f"{name} ({number + 1})"
        names[name] = path
    return names
