"""The working tree of a clone on disk: files that are changed there, and committed, if nobody else has changed them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from scenedock.effects.git.commands import ask_git
from scenedock.effects.local.disk import new_file_beside, read_file
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.structs import dataclass, field


def check_clean(name: str, root: Path, paths: Sequence[str]) -> None:
    """Refuse files of a repository that differ from the last commit, and new ones that git ignores.

    Outside of a clone, nobody can tell.

    Raises
    ------
    ConflictError   one has changes that aren't committed, or would never be
    """
    new = [f"./{each}" for each in sorted(paths) if not (root / each).exists()]
    ignored = ask_git(root, "-c", "core.quotePath=false", "check-ignore", "--", *new).text if new else ""
    if names := [each.strip('"').removeprefix("./") for each in ignored.splitlines()]:
        raise ConflictError(f"{name}: git ignores {', '.join(names)}; take that out of .gitignore first")
    asked = ask_git(root, "--literal-pathspecs", "status", "--porcelain", "-z", "--", *sorted(paths))
    if dirty := [entry[3:] for entry in asked.output.decode("utf-8", "replace").split("\0") if entry]:
        verb = "has" if len(dirty) == 1 else "have"
        raise ConflictError(
            f"{name}: {', '.join(dirty)} {verb} changes that aren't committed; commit or stash them first"
        )


Contents: TypeAlias = tuple[bytes | None, bytes | None]
"""What a file must still have and what it gets; None where there is none."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Of new files: the links, with the relative paths that they lead to, and which are executable."""

    links: Mapping[str, str] = field(default_factory=dict)
    executable: Collection[str] = ()


_ORDINARY = Kinds()


def write_files(root: Path, files: Mapping[str, Contents], kinds: Kinds = _ORDINARY) -> None:
    """Write files of a folder: the new bytes of each in the place of those that it must still have.

    Links come last, when what they lead to is there.

    Raises
    ------
    ConflictError   one has other bytes by now, or is a link
    InputError      one can't be written
    """
    for path, (before, _) in files.items():
        at = root / path
        if at.resolve() != root.resolve() / path:
            raise ConflictError(f"{at}: this is a link, or behind one; change what it leads to")
        if (read_file(at) if at.exists() or before is not None else None) != before:
            raise ConflictError(f"{at}: the file has changed meanwhile; try again")
    for path, (_, after) in sorted(files.items(), key=lambda each: each[0] in kinds.links):
        at = root / path
        try:
            if after is None:
                _delete(root, at)
                continue
            at.parent.mkdir(parents=True, exist_ok=True)
            if path in kinds.links:
                at.symlink_to(kinds.links[path])
                continue
            with new_file_beside(at, after) as beside:
                if at.exists():
                    beside.chmod(at.stat().st_mode & 0o7777)
                elif path in kinds.executable:
                    beside.chmod(_executable(beside.stat().st_mode))
                beside.replace(at)
        except OSError as error:
            raise InputError(f"{at}: can't be written: {error.strerror or error}") from error


def _executable(mode: int) -> int:
    """The mode of a file that may be executed by all who may read it, as git does."""
    return mode & 0o7777 | (mode & 0o444) >> 2


def _delete(root: Path, at: Path) -> None:
    """Delete a file, and the folders that are empty then, as git does."""
    at.unlink()
    for folder in at.relative_to(root).parents[:-1]:
        if any((root / folder).iterdir()):
            return
        (root / folder).rmdir()


def commit_files(name: str, root: Path, paths: Sequence[str], message: str) -> str:
    """Commit these files alone, as the user whom git knows, with the hooks of the clone; the new commit's id.

    Raises
    ------
    InputError   git can't do it
    """
    new = [
        path
        for path in paths
        if (root / path).exists() and not ask_git(root, "--literal-pathspecs", "ls-files", "--", path).output
    ]
    if new:
        added = ask_git(root, "--literal-pathspecs", "add", "--intent-to-add", "--", *sorted(new))
        if added.complaint:
            raise InputError(f"{name}: git can't add {', '.join(sorted(new))}: {added.complaint}")
    done = ask_git(root, "--literal-pathspecs", "commit", "--quiet", "--only", "-m", message, "--", *sorted(paths))
    if done.complaint:
        if new:
            ask_git(root, "--literal-pathspecs", "reset", "--quiet", "--", *sorted(new))
        raise InputError(f"{name}: git can't commit: {done.complaint}")
    return ask_git(root, "rev-parse", "HEAD").text


def take_back_commit(root: Path, paths: Sequence[str], commit: str) -> bool:
    """Make the commit before one that was made the last one again; whether that was possible. Files stay."""
    message = "-mscenedock: take back a commit"
    if ask_git(root, "update-ref", message, "HEAD", f"{commit}^1", commit).complaint:
        return False
    return not ask_git(root, "--literal-pathspecs", "reset", "--quiet", "--", *sorted(paths)).complaint


def restore_files(root: Path, files: Mapping[str, Contents], kinds: Kinds = _ORDINARY) -> list[str]:
    """Write back the bytes that files had before `write_files`; the paths of those that have others by now and stay."""
    left = []
    for path, (before, after) in sorted(files.items(), key=lambda each: each[0] not in kinds.links):
        try:
            at = root / path
            if at.is_symlink() and str(at.readlink()) == kinds.links.get(path):
                _delete(root, at)
            elif (read_file(at) if at.exists() else None) != before:
                write_files(root, {path: (after, before)})
        except (ConflictError, InputError, NotFoundError):
            left.append(path)
    return left
