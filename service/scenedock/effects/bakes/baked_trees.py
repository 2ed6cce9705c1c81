"""Writing a bake to disk: completely or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from scenedock.errors import ConflictError, InputError
from scenedock.skeletons.rendering.output import BakedTree


def check_target(tree_root: str, parent: Path, *, overwrite: bool) -> Path:
    """The path that a tree would be written to, if that is allowed.

    Raises
    ------
    ConflictError   the path exists, and `overwrite` isn't set
    InputError      the path leads through a link, or is not a folder
    """
    target = parent / tree_root
    for above in (parent / part for part in list(Path(tree_root).parents)[:-1]):
        if above.is_symlink():
            raise InputError(f"{above}: this is a link; use a path without links")
    if os.path.lexists(target):
        if not overwrite:
            raise _exists(target)
        if target.is_symlink() or not target.is_dir():
            raise InputError(f"{target}: this is not a folder; remove it first")
    return target


def write_tree(tree: BakedTree, parent: Path, *, overwrite: bool = False) -> Path:
    """Write a tree into a folder, which is created if it doesn't exist, and return the path of the project.

    The files are written next to the target and moved there in one step, so that a reader sees all of the new project
    or none of it. An existing project is replaced completely.

    Raises
    ------
    ConflictError   the target exists, and `overwrite` isn't set; nothing was written
    InputError      it can't be written; nothing is left behind
    """
    target = check_target(tree.root, parent, overwrite=overwrite)
    created = _missing_folders(target.parent)
    beside = target.parent / f".{target.name[:100]}.{secrets.token_hex(6)}.tmp"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        fill_folder(tree, beside)
        _put(beside, target, overwrite=overwrite)
    except OSError as error:
        _remove(beside, created)
        raise InputError(f"{target}: can't be written: {error.strerror or error}") from error
    except BaseException:
        _remove(beside, created)
        raise
    return target


def fill_folder(tree: BakedTree, folder: Path) -> None:
    """Write the project into a folder; its folders and links must not exist yet, files are replaced."""
    inside = len(tree.root)
    withheld = 0o777 & ~folder.stat().st_mode  # by the umask, which can't be read without changing it for all threads
    for path in tree.folders:
        if path != tree.root:
            os.mkdir(f"{folder}{path[inside:]}")  # noqa: PTH102  # thousands of paths, and a Path for each is slow
    for file in tree.files:
        if file.link:
            os.symlink(file.content.decode(), f"{folder}{file.path[inside:]}")  # noqa: PTH211  # as above
        else:
            _write(f"{folder}{file.path[inside:]}", file.content, file.mode, withheld)
    for path, mode in tree.folders.items():
        if mode is not None:
            os.chmod(f"{folder}{path[inside:]}", mode)  # noqa: PTH101  # as above


def _write(path: str, content: bytes, mode: int, withheld: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, mode)
    except FileExistsError:
        os.unlink(path)  # noqa: PTH108  # as above
        descriptor = os.open(path, flags, mode)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        if mode & withheld:
            os.fchmod(descriptor, mode)
        written = file.write(content)
        while written < len(content):  # a disk that is almost full writes a part, and refuses the rest
            written += file.write(content[written:])


def _put(beside: Path, target: Path, *, overwrite: bool) -> None:
    """Move the new folder to its place, and the existing one away."""
    if not target.exists():
        beside.rename(target)
        return
    if not overwrite:  # another process was faster
        raise _exists(target)
    old = beside.with_suffix(".old")
    target.rename(old)
    try:
        beside.rename(target)
    except OSError:
        if not target.exists():
            old.rename(target)
        raise
    finally:
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)


def _exists(target: Path) -> ConflictError:
    return ConflictError(f"{target}: this exists already; use another name, or overwrite it (--overwrite)")


def _missing_folders(folder: Path) -> list[Path]:
    """The folders that would have to be created, deepest first."""
    missing = []
    while not folder.exists() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    return missing


def _remove(beside: Path, created: list[Path]) -> None:
    shutil.rmtree(beside, ignore_errors=True)
    for folder in created:
        try:
            folder.rmdir()
        except OSError:
            return
