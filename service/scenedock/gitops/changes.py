"""Turn a change request into changes of single files, given the current content of the repository."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from scenedock.errors import ConflictError, InputError, NotFoundError, TemporaryError
from scenedock.gitops.values_edits import NewValue, add_value, followers, remove_value, set_value
from scenedock.model.code_hosts.code_host import checked_path
from scenedock.model.code_hosts.commit import SYMBOLIC_LINK, CommitListing, FileChange, Head, check_changes
from scenedock.model.file_paths import folders_above
from scenedock.model.json import Json
from scenedock.structs import dataclass, field, replace

_PLAN_AGAIN_AFTER = 10.0


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to write; the content of a symbolic `link` is its target.

    If `expected` is not None, the file must have this content until then; where it is empty, it may be missing.
    """

    path: str
    content: bytes
    executable: bool | None = None
    link: bool = False
    expected: bytes | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Values of a document of a YAML file, by their paths: to set, to set or make, and to take away."""

    path: str
    values: Mapping[str, NewValue] = field(default_factory=dict)
    added: Mapping[str, Json] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    document: int | str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths in it."""
        return (*self.values, *self.added, *self.removed)


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A requested change. `added` may replace existing files only with `overwrite`; `files` may always.

    `delete` and `rename` accept files and folders. All paths have been checked. The `unchanged` files must
    have this content until then.
    """

    added: tuple[NewFile, ...] = ()
    overwrite: bool = False
    files: tuple[NewFile, ...] = ()
    delete: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    edits: tuple[Edit, ...] = ()
    unchanged: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths in the request."""
        files = [each.path for each in (*self.added, *self.files)]
        moved = [path for pair in self.rename for path in pair]
        return (*files, *(each.path for each in self.edits), *self.delete, *moved)

    @property
    def needs_listing(self) -> bool:
        """Whether the change depends on the current content of the repository."""
        keep_modes = any(each.executable is None and not each.link for each in self.files)
        is_expected = self.unchanged or any(each.expected is not None for each in self.files)
        by_name = self.edits or self.delete or self.rename or (self.added and not self.overwrite)
        return bool(by_name or keep_modes or is_expected)


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of a branch, as it is now and as it becomes; None for no file. `link`: one of both is a symbolic link."""

    path: str
    before: bytes | None
    after: bytes | None
    link: bool = False


@dataclass(frozen=True, slots=True)
class Intended:
    """What is planned for a branch, on the files of its newest commit; `read` gives the content of one of them."""

    branch: str
    head: Head
    listing: CommitListing
    read: Callable[[str], bytes]
    changes: Sequence[FileChange]

    def files(self) -> tuple[ChangedFile, ...]:
        """What the changes make of the files; these are read only now."""
        found = []
        for each in self.changes:
            source = each.renamed_from
            link = each.link or self._is_link(each.path) or self._is_link(source)
            after = self._now(source) if source else each.content
            found.append(ChangedFile(each.path, self._now(each.path), after, link))
            if source:
                found.append(ChangedFile(source, self._now(source), None, link))
        return tuple(found)

    def _now(self, path: str) -> bytes | None:
        return self.read(path) if path in self.listing else None

    def _is_link(self, path: str) -> bool:
        return path in self.listing and self.listing[path].mode == SYMBOLIC_LINK


Check: TypeAlias = Callable[[Intended], None]
"""Looks at what is planned for a branch before it is written, and raises what speaks against it."""


def allow_all(_intended: Intended) -> None:
    """Nothing speaks against any change."""


def plan_changes(
    request: ChangeRequest,
    listing: CommitListing,
    read: Callable[[str], bytes],
    tell: Callable[[str], None] = lambda _message: None,
) -> tuple[FileChange, ...]:
    """The changes of single files, sorted by path; `read` returns the content of a file of the repository.

    `tell` is told which other values an edit changes, because they are aliases of the edited one.

    Raises
    ------
    InputError      the request is empty or contradicts itself, or a value can't be set
    NotFoundError   a file or folder doesn't exist
    ConflictError   a file already exists, or its path is in conflict with an existing file or folder
    TemporaryError  a file doesn't have the content any more that the change was planned on
    """
    written = (*request.added, *request.files)
    changes = [FileChange(each.path, each.content, each.executable, link=each.link) for each in written]
    through = [each.path for each in written if not each.link]
    _refuse_links([*through, *(each.path for each in request.edits)], listing)
    expected = {**{each.path: each.expected for each in request.files}, **request.unchanged}
    for path, content in expected.items():
        if content is not None and (read(path) if path in listing else b"") != content:
            raise TemporaryError(
                f"{path} has changed since it was read; the change is planned again", retry_after=_PLAN_AGAIN_AFTER
            )
    if not request.overwrite:
        _refuse_existing([each.path for each in request.added], listing)
    changes += [FileChange(path) for name in request.delete for path in _below(name, listing)]
    changes += _renames(request.rename, listing)
    changes += _edited_files(request.edits, listing, read, tell)
    if not changes:
        raise InputError("the request changes nothing; give `folder`, `files`, `delete`, `rename` or `edits`")
    check_changes(changes)
    _check_layout(changes, listing)
    return tuple(sorted(changes, key=lambda change: change.path))


def apply_edit(content: bytes, edit: Edit, tell: Callable[[str], None] = lambda _message: None) -> bytes:
    """The content of a file with an edit of it.

    Raises
    ------
    InputError   a value can't be set, added or removed
    """
    for path, value in edit.values.items():
        new = set_value(content, path, value, edit.path, edit.document)
        _tell_followers(content, new, path, edit, tell)
        content = new
    for path, added in edit.added.items():
        new = add_value(content, path, added, edit.path, edit.document)
        _tell_followers(content, new, path, edit, tell)
        content = new
    for path in edit.removed:
        content = remove_value(content, path, edit.path, edit.document)
    return content


def placed(files: Sequence[NewFile], folder: str) -> tuple[NewFile, ...]:
    """The files, moved below a folder of the repository; the empty folder is its root."""
    return tuple(replace(each, path=posixpath.join(folder, each.path)) for each in files)


def checked_folder(path: str) -> str:
    """A folder of a repository; `.` and the empty text are its root.

    Raises
    ------
    InputError   it is outside the repository
    """
    return "" if path.strip("/") in {"", "."} and not path.startswith("/") else checked_path(path)


def _edited_files(
    edits: Sequence[Edit], listing: CommitListing, read: Callable[[str], bytes], tell: Callable[[str], None]
) -> list[FileChange]:
    contents: dict[str, bytes] = {}
    for edit in edits:
        if edit.path not in listing:
            raise NotFoundError(f"there is no file {edit.path!r} to edit")
        content = contents[edit.path] if edit.path in contents else read(edit.path)
        contents[edit.path] = apply_edit(content, edit, tell)
    return [FileChange(path, content) for path, content in contents.items()]


def _tell_followers(before: bytes, after: bytes, path: str, edit: Edit, tell: Callable[[str], None]) -> None:
    if b"&" not in before:
        return
    if along := followers(before, after, path, edit.path, edit.document):
        shown = ", ".join(along[:10]) + (f" and {len(along) - 10} more" if len(along) > 10 else "")
        tell(f"{edit.path}: with {path} change, by its anchor: {shown}")


def _refuse_existing(paths: Sequence[str], listing: CommitListing) -> None:
    if existing := [path for path in paths if path in listing]:
        shown = ", ".join(existing[:5]) + (f" and {len(existing) - 5} more" if len(existing) > 5 else "")
        raise ConflictError(f"already in the repository: {shown}; choose another `targetPath`, or set `overwrite`")


def _refuse_links(paths: Sequence[str], listing: CommitListing) -> None:
    for path in paths:
        if path in listing and listing[path].mode == SYMBOLIC_LINK:
            raise ConflictError(f"{path!r} is a symbolic link in the repository; change its target instead")


def _below(name: str, listing: CommitListing) -> list[str]:
    """The file at this path, or all files of this folder."""
    below = [path for path in listing if path == name or path.startswith(f"{name}/")]
    if not below:
        raise NotFoundError(f"there is no file or folder {name!r} in the repository")
    return below


def _renames(pairs: Sequence[tuple[str, str]], listing: CommitListing) -> Iterator[FileChange]:
    for source, target in pairs:
        moved = {path: target + path.removeprefix(source) for path in _below(source, listing)}
        _refuse_existing(list(moved.values()), listing)
        yield from (FileChange(new, renamed_from=old) for old, new in moved.items())


def _check_layout(changes: Sequence[FileChange], listing: CommitListing) -> None:
    """Refuse a file in the place of a folder, or below a file: it would silently replace what exists there.

    Raises
    ------
    ConflictError   a change would do that
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
