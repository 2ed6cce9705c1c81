"""Files and folders, with errors that say what to do."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from scenedock.errors import ConflictError, InputError, NotFoundError

BESIDE: Final = ".scenedock-"
"""What the name of a file begins with that is written next to another, to take its place."""
_SECONDS_TO_WRITE: Final = 3_600


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises
    ------
    NotFoundError   there is no such file
    InputError      it can't be read: a folder, no permission, a loop of links, a failing disk
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such file; check the name") from None
    except IsADirectoryError:
        raise InputError(f"{path}: this is a folder; pass a file in it") from None
    except PermissionError:
        raise InputError(f"{path}: permission denied; check the permissions of the file and its folders") from None
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{str(path)!r}: this is not a valid file name: {error}") from None


def write_file(path: Path, text: str, *, may_replace: Callable[[bytes], bool] | None = None) -> bool:
    """Write a text file completely or not at all; a file that already has this text is not touched.

    Returns whether anything was written. A link is followed; a special file (a pipe, `/dev/stdout`) is written to
    directly. With `may_replace`, a regular file is replaced only if that is true of its bytes.

    Raises
    ------
    NotFoundError   its folder doesn't exist
    ConflictError   the existing file may not be replaced
    InputError      it can't be written
    """
    data = text.encode(errors="backslashreplace")  # for a path that isn't Unicode, which JSON can escape
    try:
        if may_replace and os.path.lexists(path):
            if path.is_symlink() or not path.is_file() or not may_replace(path.read_bytes()):
                raise ConflictError(
                    f"{path}: Scenedock did not write this file, so it is not replaced; remove it first"
                )
        elif is_stream(path):
            with path.open("ab") as stream:
                stream.write(data)
            return True
        target = path.resolve()
        if target.is_file() and target.read_bytes() == data:
            return False
        _replace(target, data)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{path}: its folder doesn't exist; create it first") from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: can't be written: {reason}") from error
    return True


MAKE_WRITABLE: Final = (
    "Mount the volume for writing, or give the folder and all in it to the user that runs the service."
)
"""What to do about a data folder that can't be written."""


def why_unwritable(folder: Path, own: Iterable[str] = ()) -> tuple[Path, str] | None:
    """The folder, or what is there of our `own` names in it, that can't be written, and why; None where we may write.

    Nothing is written to find out. Of a folder that isn't there, it is the one in which it would be created.
    """
    place = folder.absolute()
    try:
        place = existing(place)
        ours = [place / name for name in own] if place == folder.absolute() else []
        for each in (place, *(each for each in ours if os.path.lexists(each))):
            if each == place and not each.is_dir():
                return each, "it is not a folder"
            needed = os.W_OK | os.X_OK if each.is_dir() else os.W_OK
            if not os.access(each, needed, effective_ids=os.access in os.supports_effective_ids):
                if os.statvfs(each).f_flag & os.ST_RDONLY:
                    return each, "its file system is mounted read-only"
                return each, f"the user {os.geteuid()} has no permission"
    except OSError as error:
        return place, f"it can't be read: {error.strerror or error}"
    return None


def existing(folder: Path) -> Path:
    """A folder, or the next one above that is there.

    Raises
    ------
    OSError   one of them can't be looked up
    """
    each = folder.absolute()
    while True:
        try:
            each.lstat()
        except (FileNotFoundError, NotADirectoryError):
            if each == each.parent:
                raise
            each = each.parent
        else:
            return each


def make_private_folder(folder: Path) -> None:
    """Create a folder whose content git ignores; an existing one gets the same `.gitignore`, unless it has one.

    Raises
    ------
    InputError   it can't be created
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: the folder can't be created: {error.strerror or error}") from error
    with suppress(OSError), (folder / ".gitignore").open("x") as ignored:  # it exists, or the folder is read-only
        ignored.write("*\n")


def cache_folder() -> Path:
    """The folder below which Scenedock keeps what only saves time, of the command line and of skeletons.

    Raises
    ------
    InputError   nothing says where the user's caches are
    """
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scenedock"
    except RuntimeError:
        raise InputError("the user has no home folder for caches; set HOME or XDG_CACHE_HOME") from None


def remove_file(path: Path) -> None:
    """Remove a file; it is not an error if it doesn't exist.

    Raises
    ------
    InputError   it can't be removed
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: can't be removed: {error.strerror or error}") from error


@contextmanager
def new_file_beside(path: Path, data: bytes | Iterable[bytes | memoryview], mode: int = 0o666) -> Iterator[Path]:
    """A new file next to a path, with a unique name and all its data on the disk.

    The caller renames it to the path, else it is removed.
    """
    beside = path.with_name(f"{BESIDE}{os.urandom(8).hex()}")
    beside.touch(mode, exist_ok=False)
    try:
        with beside.open("wb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def is_left_over(facts: os.stat_result) -> bool:
    """Whether a file next to another is so old that whoever wrote it must have been killed."""
    return stat.S_ISREG(facts.st_mode) and facts.st_mtime < time.time() - _SECONDS_TO_WRITE


def remove_left_over(folder: Path) -> None:
    """Remove what processes left in one of our folders that were killed while they wrote.

    Raises
    ------
    OSError   the folder can't be read
    """
    for each in folder.glob(f"{BESIDE}{'[0-9a-f]' * 16}"):
        with suppress(OSError):
            if is_left_over(each.lstat()):
                each.unlink()


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe or device, or one of the program's own streams, which may lead to a file."""
    own = path.parent == Path("/dev/fd") or path in {Path("/dev/stdout"), Path("/dev/stderr")}
    # os.path returns False for an invalid path, and Path raises an error.
    return own or (os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path))  # noqa: PTH110, PTH112, PTH113


def _replace(path: Path, data: bytes) -> None:
    """Write next to the file, then move it to its place: a reader sees the old bytes or the new ones."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with new_file_beside(path, data) as beside:
        if path.is_file():
            beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
