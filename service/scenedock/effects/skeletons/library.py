"""The skeletons that can be baked: those that ship with Scenedock and those of the list, by name and compiled."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from scenedock.effects.skeletons.committed_bases import CommittedBases
from scenedock.effects.skeletons.folders import folder_version, read_skeleton
from scenedock.effects.skeletons.repositories import SkeletonRepositories
from scenedock.errors import NotFoundError
from scenedock.model.json import as_object, as_text
from scenedock.skeletons.rendering.compiled import CompiledSkeleton, CompiledSkeletons
from scenedock.skeletons.rendering.provenance import Provenance
from scenedock.skeletons.skeleton import QUESTIONS_FILE
from scenedock.skeletons.sources import Permission, SkeletonSource
from scenedock.structs import dataclass, field


@dataclass(frozen=True, slots=True)
class OpenedSkeleton:
    """A skeleton that is ready to be baked, with what it may do and where it comes from.

    `template` and `repo_dir` are the values of `_template` and `_repo_dir` in templates.
    """

    compiled: CompiledSkeleton
    provenance: Provenance
    allow: frozenset[Permission] = frozenset()
    template: str = "."
    repo_dir: str = "."


@dataclass(frozen=True, slots=True)
class SkeletonLibrary:
    """Skeletons by name. The paths in the list are relative to the folder `listed_in`.

    `release` is the version of Scenedock whose skeletons `shipped` are; empty if they are others.
    """

    sources: Sequence[SkeletonSource]
    listed_in: Path
    shipped: Path | None
    repositories: SkeletonRepositories
    release: str = ""
    compiled: CompiledSkeletons = field(default_factory=CompiledSkeletons)
    bases: CommittedBases = field(default_factory=CommittedBases)

    def all(self) -> list[SkeletonSource]:
        """Every skeleton, sorted by name; one of the list replaces a shipped one of the same name."""
        shipped = {}
        if self.shipped is not None and self.shipped.is_dir():
            place = self.shipped.resolve()  # a repository: links of a skeleton may lead to its siblings
            shipped = {
                entry.name: SkeletonSource(entry.name, path=str(place), directory=entry.name)
                for entry in os.scandir(place)
                if Path(entry.path, QUESTIONS_FILE).is_file()
            }
        listed = {source.name: source for source in self.sources}
        return sorted((shipped | listed).values(), key=lambda source: source.name)

    def purpose(self, source: SkeletonSource) -> str:
        """What a skeleton bakes, in one line: as the list says it, or its own file; nothing is fetched for it."""
        if source.purpose or source.git:
            return source.purpose
        try:
            values = json.loads((self._root(source) / source.directory / QUESTIONS_FILE).read_bytes())
        except (OSError, ValueError):
            return ""  # to open it says what is wrong
        return as_text(as_object(as_object(values).get("_scenedock")).get("purpose")).partition("\n")[0]

    def open(self, skeleton: str | Path) -> OpenedSkeleton:
        """The skeleton of a name, or in the folder at a path.

        Raises
        ------
        NotFoundError    there is no such skeleton, or not at the place in the list
        SkeletonError    it can't be used
        TemporaryError   its repository can't be reached
        """
        if isinstance(skeleton, Path):
            return self.open_folder(skeleton)
        sources = {source.name: source for source in self.all()}
        if skeleton not in sources:
            names = ", ".join(sources) or "none"
            raise NotFoundError(f"there is no skeleton {skeleton!r}; the skeletons are: {names}")
        source = sources[skeleton]
        return self._in_repository(source) if source.git else self._in_folder(source)

    def open_folder(self, path: Path) -> OpenedSkeleton:
        """A skeleton in a folder from the command line; it may only render.

        Raises
        ------
        NotFoundError   there is no skeleton
        SkeletonError   it can't be used
        """
        label, (root, directory) = str(path), _working_copy(path)
        version = folder_version(root, directory)
        compiled = self.compiled.get(version, lambda: read_skeleton(root, label, version, directory))
        provenance = self.bases.provenance(path.resolve().name, path, version, compiled.skeleton)
        return OpenedSkeleton(compiled, provenance, template=label, repo_dir=label)

    def _root(self, source: SkeletonSource) -> Path:
        return Path(os.path.normpath(self.listed_in / source.path))

    def _in_folder(self, source: SkeletonSource) -> OpenedSkeleton:
        root = self._root(source)
        folder = root / source.directory
        version = folder_version(root, source.directory)
        compiled = self.compiled.get(version, lambda: read_skeleton(root, source.name, version, source.directory))
        if self.release and source not in self.sources:
            provenance = Provenance(source.name, scenedock=self.release, digest=compiled.skeleton.digest)
        else:
            provenance = self.bases.provenance(source.name, folder, version, compiled.skeleton)
        return OpenedSkeleton(compiled, provenance, source.allow, template=source.name)

    def _in_repository(self, source: SkeletonSource) -> OpenedSkeleton:
        commit = self.repositories.commit(source.git, source.ref)
        tree = self.repositories.version(source.git, commit, source.directory)
        compiled = self.compiled.get(
            f"{source.name}:{tree}", lambda: self.repositories.read(source.git, tree, source.name)
        )
        provenance = Provenance(
            source.name, source=source.git, directory=source.directory, ref=source.ref, commit=commit
        )
        return OpenedSkeleton(compiled, provenance, source.allow, template=source.git)


def _working_copy(path: Path) -> tuple[Path, str]:
    """The clone that contains a folder, and the folder's path in it; without a clone, the folder itself."""
    folder = path.resolve()
    for above in folder.parents:
        if not (folder / ".git").exists() and (above / ".git").exists():
            return above, folder.relative_to(above).as_posix()
    return path, ""
