"""The one place where effects are built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scenedock.effects.repositories import Repository, RepositoryFolder


@contextmanager
def open_repositories(paths: Mapping[str, Path], ref: str | None = None) -> Iterator[Mapping[str, Repository]]:
    """The repositories at some paths: as folders, or as git has them at a ref. Nothing is read yet."""
    if ref is None:
        yield {name: RepositoryFolder(path) for name, path in paths.items()}
        return
    from scenedock.effects.git_revisions import GitRevision

    with ExitStack() as opened:
        yield {name: opened.enter_context(GitRevision(path, ref)) for name, path in paths.items()}
