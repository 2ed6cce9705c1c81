"""Files and folders, with errors that a person can act on."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from scenedock.errors import InputError, NotFoundError


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
        raise InputError(f"{path}: this is a folder; name a file in it") from None
    except PermissionError:
        raise InputError(f"{path}: may not be read; check the permissions of the file and its folders") from None
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{str(path)!r}: this can't be a file name: {error}") from None


def write_file(path: Path, text: str) -> bool:
    """Write a text file whole or not at all; one that has this text already is left untouched.

    Returns whether anything was written. What is no regular file (a pipe, `/dev/stdout`) is written to directly.

    Raises
    ------
    NotFoundError   its folder doesn't exist
    InputError      it can't be written
    """
    data = text.encode()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return True
        if path.is_file() and path.read_bytes() == data:
            return False
        _replace(path, data)
    except FileNotFoundError:
        raise NotFoundError(f"{path}: its folder doesn't exist; make it first") from None
    except OSError as error:
        raise InputError(f"{path}: can't be written: {error.strerror or error}") from error
    return True


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file, then put it in its place: a reader sees the old bytes or the new ones."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        beside = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            beside.chmod(path.stat().st_mode & 0o7777 if path.is_file() else 0o666 & ~_umask())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def _umask() -> int:
    """The permissions that new files don't get; the system tells them only by setting others."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
