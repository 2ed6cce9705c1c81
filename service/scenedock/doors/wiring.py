"""The one place where effects are built; the libraries of each are imported only with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scenedock.effects.disk import read_file
from scenedock.effects.repositories import Repository, RepositoryFolder

if TYPE_CHECKING:
    from scenedock.effects.skeleton_library import SkeletonLibrary


@contextmanager
def open_repositories(paths: Mapping[str, Path], ref: str | None = None) -> Iterator[Mapping[str, Repository]]:
    """The repositories at some paths: as folders, or as git has them at a ref. Nothing is read yet."""
    if ref is None:
        yield {name: RepositoryFolder(path) for name, path in paths.items()}
        return
    from scenedock.effects.git_revisions import GitRevision

    with ExitStack() as opened:
        yield {name: opened.enter_context(GitRevision(path, ref)) for name, path in paths.items()}


def open_skeletons(listed: Path | None, shipped: Path | None) -> SkeletonLibrary:
    """The skeletons of a list (a YAML file) and those that ship with Scenedock, `shipped` being their folder.

    Clones are kept below `XDG_CACHE_HOME` (`~/.cache`).
    """
    from scenedock.effects.skeleton_library import SkeletonLibrary
    from scenedock.effects.skeleton_repositories import SkeletonRepositories
    from scenedock.skeletons.sources import read_sources

    sources = read_sources(read_file(listed), str(listed)) if listed is not None else ()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scenedock" / "skeletons"
    return SkeletonLibrary(
        sources=sources,
        listed_in=listed.parent if listed is not None else Path(),
        shipped=shipped if shipped is not None else _shipped_skeletons(),
        repositories=SkeletonRepositories(cache),
    )


def _shipped_skeletons() -> Path | None:
    """`cookiecutters/` of the checkout that this code is in, or where an image or package has it."""
    places = (Path(__file__).parents[3] / "cookiecutters", Path(sys.prefix) / "share" / "scenedock" / "cookiecutters")
    return next((place for place in places if place.is_dir()), None)
