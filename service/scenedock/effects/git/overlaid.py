"""A repository as it would be after some changes that nobody has committed yet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from scenedock.effects.git.commands import GitAddress
from scenedock.effects.git.directories import StatesIn
from scenedock.effects.git.repositories import Repository
from scenedock.effects.git.snapshots import Changes, SeenTree, Snapshot, TreeState
from scenedock.model.helm import Listing
from scenedock.structs import dataclass, replace


@dataclass(frozen=True)
class OverlaidRepository:
    """A repository with other contents of some files, by path; None for a file that is deleted."""

    below: Repository
    changed: Mapping[str, bytes | None]

    @cached_property
    def _listing(self) -> Listing:
        before = self.below.listing()
        here = {path for path, data in self.changed.items() if data is not None}
        files = tuple(sorted({*before.files, *here} - (self.changed.keys() - here)))
        return replace(before, files=files, outside=before.outside - self.changed.keys())

    def listing(self) -> Listing:
        """All its files.

        Raises
        ------
        NotFoundError, InputError   as that of the repository below does
        """
        return self._listing

    def read(self, path: str) -> bytes:
        """The bytes of a file of the listing; of a link, those of the file that it leads to.

        Raises
        ------
        InputError   it can't be read
        """
        data = self.changed.get(path if path in self.changed else self.below.real_path(path))
        return self.below.read(path) if data is None else data

    def real_path(self, path: str) -> str:
        """The path of what a path leads to through links, as in the repository below."""
        return path if path in self.changed else self.below.real_path(path)

    def is_executable(self, path: str) -> bool:
        """Whether a file is executable, as in the repository below; a change doesn't tell."""
        return self.below.is_executable(path)

    def address(self) -> GitAddress:
        """The address of the repository below."""
        return self.below.address()

    def snapshot(self) -> Snapshot:
        """Its files, with unknown states where they are changed."""
        states = self.below.snapshot().states
        return Snapshot({path: None if path in self.changed else states.get(path) for path in self._listing.files})

    def changes(self, since: Snapshot) -> Changes | None:
        """What has changed since a snapshot; None where there are other files."""
        return since.changes(self.snapshot())

    def look(self, since: TreeState, states_in: StatesIn) -> SeenTree | None:  # noqa: ARG002 - as in the protocol
        """Nobody can tell: what it is made of may be anything."""
        return None

    def history_root(self) -> tuple[Path, str]:
        """That of the repository below."""
        return self.below.history_root()
