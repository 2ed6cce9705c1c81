"""What a request asks to change, made into the changes of single files, with what is in the repository now."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.gitops.values_edits import NewValue, set_value
from scenedock.model.code_hosts.code_host import checked_path
from scenedock.model.code_hosts.commit import SYMBOLIC_LINK, CommitListing, FileChange, check_changes
from scenedock.model.file_paths import folders_above


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be written."""

    path: str
    content: bytes
    executable: bool | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Scalars to be set in a YAML file, by their paths."""

    path: str
    values: Mapping[str, NewValue]


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What is asked for. `added` are files that may replace others only if `overwrite`; `files` may always.

    What is deleted or renamed may be a folder. All paths have been checked.
    """

    added: tuple[NewFile, ...] = ()
    overwrite: bool = False
    files: tuple[NewFile, ...] = ()
    delete: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that are named."""
        files = [each.path for each in (*self.added, *self.files)]
        moved = [path for pair in self.rename for path in pair]
        return (*files, *(each.path for each in self.edits), *self.delete, *moved)

    @property
    def needs_listing(self) -> bool:
        """Whether what is in the repository has to be known."""
        keep_modes = any(each.executable is None for each in self.files)
        return bool(self.edits or self.delete or self.rename or keep_modes or (self.added and not self.overwrite))


def plan_changes(
    request: ChangeRequest, listing: CommitListing, read: Callable[[str], bytes]
) -> tuple[FileChange, ...]:
    """The changes of single files, sorted by path; `read` gives a file of the repository.

    Raises
    ------
    InputError      nothing is asked for, the request contradicts itself, or a value can't be set
    NotFoundError   a file or folder isn't there
    ConflictError   a file is there, or something of its name is
    """
    changes = [FileChange(each.path, each.content, each.executable) for each in (*request.added, *request.files)]
    _refuse_links([*(each.path for each in changes), *(each.path for each in request.edits)], listing)
    if not request.overwrite:
        _refuse_existing([each.path for each in request.added], listing)
    changes += [FileChange(path) for named in request.delete for path in _below(named, listing)]
    changes += _renames(request.rename, listing)
    for edit in request.edits:
        if edit.path not in listing:
            raise NotFoundError(f"there is no file {edit.path!r} to edit")
        content = read(edit.path)
        for path, value in edit.values.items():
            content = set_value(content, path, value, edit.path)
        changes.append(FileChange(edit.path, content))
    if not changes:
        raise InputError("nothing is to be changed; give `folder`, `files`, `delete`, `rename` or `edits`")
    check_changes(changes)
    _check_layout(changes, listing)
    return tuple(sorted(changes, key=lambda change: change.path))


def placed(files: Sequence[NewFile], folder: str) -> tuple[NewFile, ...]:
    """Files below a folder of the repository; empty for its root."""
    return tuple(NewFile(posixpath.join(folder, each.path), each.content, each.executable) for each in files)


def checked_folder(path: str) -> str:
    """A folder of a repository; `.` and nothing are its root.

    Raises
    ------
    InputError   it would be somewhere else
    """
    return "" if path.strip("/") in {"", "."} and not path.startswith("/") else checked_path(path)


def _refuse_existing(paths: Sequence[str], listing: CommitListing) -> None:
    if there := [path for path in paths if path in listing]:
        shown = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")
        raise ConflictError(f"already in the repository: {shown}; take another `targetPath`, or say `overwrite`")


def _refuse_links(paths: Sequence[str], listing: CommitListing) -> None:
    for path in paths:
        if path in listing and listing[path].mode == SYMBOLIC_LINK:
            raise ConflictError(f"{path!r} is a symbolic link in the repository; change what it leads to")


def _below(named: str, listing: CommitListing) -> list[str]:
    """The file of this path, or all files of this folder."""
    below = [path for path in listing if path == named or path.startswith(f"{named}/")]
    if not below:
        raise NotFoundError(f"there is no file or folder {named!r} in the repository")
    return below


def _renames(pairs: Sequence[tuple[str, str]], listing: CommitListing) -> Iterator[FileChange]:
    for source, target in pairs:
        moved = {path: target + path.removeprefix(source) for path in _below(source, listing)}
        _refuse_existing(list(moved.values()), listing)
        yield from (FileChange(new, renamed_from=old) for old, new in moved.items())


def _check_layout(changes: Sequence[FileChange], listing: CommitListing) -> None:
    """Refuse a file where a folder is, or below a file: it would silently replace all that is there.

    Raises
    ------
    ConflictError   one would
    """
    gone = {change.path for change in changes if change.deletes} | {change.renamed_from for change in changes}
    left = {path for path in listing if path not in gone}
    folders = {folder for path in left for folder in folders_above(path)}
    for change in changes:
        if change.deletes:
            continue
        above = (folder for folder in folders_above(change.path) if folder in left)
        clash = change.path if change.path in folders else next(above, "")
        if clash:
            kind = "folder" if clash in folders else "file"
            raise ConflictError(f"{change.path!r} can't be written: {clash!r} is a {kind} in the repository")
