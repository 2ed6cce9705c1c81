"""Skeletons in local folders: read completely; links out of the folder, or of its repository, are refused."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from scenedock.errors import InputError, NotFoundError
from scenedock.model.file_paths import folders_above
from scenedock.skeletons.links import link_skeleton, reached
from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.skeleton import (
    MOST_BYTES,
    MOST_FILES,
    QUESTIONS_FILE,
    Skeleton,
    SkeletonFile,
    is_below,
    is_byte_code,
)

_NOT_PART_OF_IT = frozenset({".git"})


def folder_version(folder: Path, directory: str = "") -> str:
    """A fingerprint that changes whenever a file of the skeleton is written, added, removed or renamed.

    The skeleton is in a `directory` of the folder; what its links lead to in the rest of the folder counts, too.

    Raises
    ------
    NotFoundError   there is no skeleton in it
    InputError      the folder can't be read
    """
    if not (folder / directory / QUESTIONS_FILE).is_file():
        raise NotFoundError(f"{folder / directory}: there is no {QUESTIONS_FILE} in it, so this is not a skeleton")
    states = hashlib.sha256(os.fsencode((folder / directory).resolve()))
    for path, state in _reached(folder, directory):
        written: tuple[int, ...] = (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
        if stat.S_ISDIR(state.st_mode):  # its times also change with files that are not part of the skeleton
            written = ()
        facts = (path, state.st_mode, *written, "")
        states.update("\0".join(map(str, facts)).encode("utf-8", "surrogateescape"))
    return states.hexdigest()


def read_skeleton(folder: Path, label: str, version: str = "", directory: str = "") -> Skeleton:
    """Everything in a `directory` of a folder, as a skeleton; `label` is its name in errors.

    Raises
    ------
    SkeletonError   a link leads out of the folder, it contains a special file, or it is too large
    InputError      a file can't be read
    """
    return link_skeleton(label, version, *read_entries(folder, label, directory), directory)


def read_entries(
    folder: Path, label: str, directory: str = ""
) -> tuple[dict[str, SkeletonFile], dict[str, int], dict[str, str]]:
    """The files, the folders with their modes, and the links with their targets as they are written, by their paths.

    Raises
    ------
    SkeletonError   it contains a special file, or is too large
    InputError      a file can't be read
    """
    files: dict[str, SkeletonFile] = {}
    folders: dict[str, int] = {}
    links: dict[str, str] = {}
    size = 0
    for path, state in _reached(folder, directory):
        kind, mode = stat.S_IFMT(state.st_mode), state.st_mode & 0o777
        if kind == stat.S_IFDIR:
            folders[path] = mode
        elif kind == stat.S_IFLNK:
            links[path] = str((folder / path).readlink())
        elif kind == stat.S_IFREG:
            size += state.st_size
            if size > MOST_BYTES or len(files) >= MOST_FILES:
                raise SkeletonError(
                    f"{label}: more than {MOST_FILES} files or {MOST_BYTES} bytes, too large for a skeleton"
                )
            files[path] = SkeletonFile(_read(folder / path), mode)
        else:
            raise SkeletonError(f"{label}/{path}: this is neither a file nor a folder; remove it")
    return files, folders, links


def _reached(folder: Path, directory: str) -> Iterator[tuple[str, os.stat_result]]:
    """Every path of the skeleton in a directory, and of what its links lead to in the folder, with its own state."""
    if not directory:
        yield from _walk(folder, "")
        return
    seen: dict[str, os.stat_result] = {}

    def links_below(path: str) -> dict[str, str]:
        found = dict(_at(folder, path))
        seen.update(found)
        return {each: str((folder / each).readlink()) for each, state in found.items() if stat.S_ISLNK(state.st_mode)}

    reached(directory, links_below)
    yield from sorted(seen.items(), key=lambda item: item[0].split("/"))


def _at(folder: Path, path: str) -> Iterator[tuple[str, os.stat_result]]:
    """A path and all below it; nothing if it doesn't exist, isn't part of a skeleton, or leads through a link."""
    places = [folder / above for above in (*folders_above(path), path)]
    if is_byte_code(path) or not _NOT_PART_OF_IT.isdisjoint(path.split("/")):
        return
    if not os.path.lexists(places[-1]) or any(place.is_symlink() for place in places[:-1]):
        return
    state = places[-1].lstat()
    yield path, state
    if stat.S_ISDIR(state.st_mode):
        yield from (each for each in _walk(folder, path) if not is_below(each[0], f"{path}/.git"))


def _walk(folder: Path, inside: str) -> Iterator[tuple[str, os.stat_result]]:
    """Every path below a folder, sorted, with its own state; links are not followed."""
    try:
        with os.scandir(folder / inside) as entries:
            in_order = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{folder / inside}: can't be read: {error.strerror or error}") from error
    for entry in in_order:
        path = f"{inside}/{entry.name}" if inside else entry.name
        if path in _NOT_PART_OF_IT or is_byte_code(path):
            continue
        yield path, entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder, path)


def _read(path: Path) -> bytes:
    """The bytes of a file; checks again that it is not a link, and not too large for a skeleton."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror or error}") from error
