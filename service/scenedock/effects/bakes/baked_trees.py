"""Writing a bake to disk: all of it, or nothing."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from scenedock.errors import ConflictError, InputError
from scenedock.skeletons.rendering.output import BakedTree


def check_target(tree_root: str, parent: Path, *, overwrite: bool) -> Path:
    """Where a tree would be written, if it may be.

    Raises
    ------
    ConflictError   there is something already, and it isn't to be overwritten
    InputError      the way there leads through a link, or what is there is no folder
    """
    target = parent / tree_root
    for above in (parent / part for part in list(Path(tree_root).parents)[:-1]):
        if above.is_symlink():
            raise InputError(f"{above}: this is a link; a bake is written only to real folders")
    if os.path.lexists(target):
        if not overwrite:
            raise _exists(target)
        if target.is_symlink() or not target.is_dir():
            raise InputError(f"{target}: this is not a folder; remove it first")
    return target


def write_tree(tree: BakedTree, parent: Path, *, overwrite: bool = False) -> Path:
    """Write a tree into a folder, which is made if it isn't there, and return the path of the project.

    The files are written beside the target and put there in one step, so that a reader sees all of the new project or
    none of it. What is overwritten is replaced whole.

    Raises
    ------
    ConflictError   the target exists and isn't to be overwritten; nothing was written
    InputError      it can't be written there; nothing is left behind
    """
    target = check_target(tree.root, parent, overwrite=overwrite)
    made = _missing_folders(target.parent)
    beside = target.parent / f".{target.name[:100]}.{secrets.token_hex(6)}.tmp"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        fill_folder(tree, beside)
        _put(beside, target, overwrite=overwrite)
    except OSError as error:
        _remove(beside, made)
        raise InputError(f"{target}: can't be written: {error.strerror or error}") from error
    except BaseException:
        _remove(beside, made)
        raise
    return target


def fill_folder(tree: BakedTree, folder: Path) -> None:
    """Write the project's files and folders into a folder, where the folders must not exist; files are replaced."""
    inside = len(tree.root)
    withheld = 0o777 & ~folder.stat().st_mode  # by the umask; to ask for that is to change it for all threads
    for path in tree.folders:
        if path != tree.root:
            os.mkdir(f"{folder}{path[inside:]}")  # noqa: PTH102  # thousands of paths, and a Path for each is slow
    for file in tree.files:
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
        while written < len(content):  # a disk that is getting full takes a part, and refuses the next
            written += file.write(content[written:])


def _put(beside: Path, target: Path, *, overwrite: bool) -> None:
    """Move the new folder to its place, and what was there away."""
    if not target.exists():
        beside.rename(target)
        return
    if not overwrite:  # somebody else was faster
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
    return ConflictError(f"{target}: this exists already; take another name, or overwrite it (--overwrite)")


def _missing_folders(folder: Path) -> list[Path]:
    """The folders that would have to be made, deepest first."""
    missing = []
    while not folder.exists() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    return missing


def _remove(beside: Path, made: list[Path]) -> None:
    shutil.rmtree(beside, ignore_errors=True)
    for folder in made:
        try:
            folder.rmdir()
        except OSError:
            return
