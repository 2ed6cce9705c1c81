"""Files and folders, with errors that a person can act on."""

from __future__ import annotations

from pathlib import Path

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
