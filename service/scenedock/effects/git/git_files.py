"""What git's own files say, without starting git: for what is asked every few seconds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scenedock.effects.git.snapshots import state_of

_GIT_FOLDER = "gitdir: "
_BRANCHES = "refs/heads/"


def read_head(folder: Path) -> str:
    """The commit of a bare repository's HEAD, from its files: starting git for it costs a hundred times as much.

    Empty where git keeps its references in another way than we know.
    """
    try:
        head = (folder / "HEAD").read_text("ascii")
        name = head.removeprefix("ref: ").rstrip("\n")
        if head == name or ".." in name or not name.startswith(_BRANCHES):
            return ""
        loose = folder / name
        if loose.exists():
            commit = loose.read_text("ascii").rstrip("\n")
        else:
            packed = (folder / "packed-refs").read_text("utf-8", "surrogateescape").splitlines()
            commit = next((line.partition(" ")[0] for line in packed if line.endswith(f" {name}")), "")
    except (OSError, ValueError):
        return ""
    return commit if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit) else ""


def states_of_clone(root: Path) -> Iterator[str]:
    """What changes whenever the address, the branch, the commit or the names of authors of a clone do.

    `root` may be a folder in the clone, or of a worktree; where it is in no clone, nothing says so.
    """
    top = _top_of(root)
    if top is None:
        return
    yield _state(top / ".mailmap")
    with suppress(OSError, ValueError):
        folder = _followed(top / ".git", _GIT_FOLDER)
        shared = _followed(folder / "commondir", "") if (folder / "commondir").is_file() else folder
        for path in (folder / "HEAD", shared / "config", shared / "packed-refs", shared / "reftable" / "tables.list"):
            yield _state(path)
        branch = (folder / "HEAD").read_text("utf-8").removeprefix("ref: ").rstrip("\n")
        if branch.startswith(_BRANCHES) and ".." not in branch:
            yield _state(shared / branch)


def mailmap_state(root: Path) -> str:
    """What changes whenever the `.mailmap` in the work tree does that a folder is in, by which git names authors."""
    top = _top_of(root)
    return _state(top / ".mailmap") if top else ""


def _top_of(root: Path) -> Path | None:
    """The work tree that a folder is in."""
    folder = root.resolve()
    return next((each for each in (folder, *folder.parents) if os.path.lexists(each / ".git")), None)


def _followed(path: Path, mark: str) -> Path:
    """The folder that a file of git leads to; a folder itself."""
    return path if path.is_dir() else path.parent / path.read_text("utf-8").removeprefix(mark).rstrip("\n")


def _state(path: Path) -> str:
    try:
        return f"{path.name} {state_of(path.lstat())}"
    except OSError:
        return ""
