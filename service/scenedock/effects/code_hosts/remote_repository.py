"""The interface of a repository on a code host, for use cases, whatever the type of the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scenedock.effects.code_hosts.pull_requests import PullRequests
from scenedock.effects.code_hosts.repository_settings import RepositorySettings
from scenedock.errors import NotFoundError, ScenedockError, TemporaryError
from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.code_hosts.commit import CommitListing, FileChange, Head, Mark, RepositoryFile


class RemoteRepository(Protocol):
    """The operations on a repository. Every method raises TemporaryError if trying again may help, NotFoundError if the
    repository doesn't exist, and NotAllowedError if our credentials don't suffice.
    """

    @property
    def address(self) -> RepositoryAddress:
        """Its address."""

    @property
    def pulls(self) -> PullRequests | None:
        """Its pull requests; None on a plain git server."""

    @property
    def settings(self) -> RepositorySettings | None:
        """The settings of the repository; None on a plain git server."""

    @property
    def is_new(self) -> bool:
        """Whether it was created less than a minute ago, as far as known: what isn't found in it may still appear."""

    def default_branch(self) -> str:
        """The default branch."""

    def head(self, branch: str) -> Head | None:
        """The commit that a branch points to; None if there is no such branch."""

    def listing(self, head: Head, paths: Sequence[str]) -> CommitListing:
        """The files of a commit: all, or if there are very many, at least those at and around some paths."""

    def read(self, file: RepositoryFile) -> bytes:
        """The content of a file."""

    def write(self, base: Head | None, changes: Sequence[FileChange], listing: CommitListing, message: str) -> Head:
        """Create a commit after `base`, or one without a parent, which no branch contains yet.

        If it would change nothing, `base` is returned. `listing` is needed for renames, and for files that keep their
        mode.
        """

    def create_branch(self, name: str, head: Head) -> bool:
        """Create a branch; False if there is already one of this name."""

    def move_branch(self, name: str, head: Head, *, expected: Head | None) -> bool:
        """Move a branch to a commit, if it still points to the `expected` one; False if it doesn't.

        If `expected` is None, it is moved in any case.
        """

    def replace_branch(self, name: str, head: Head, *, expected: Head) -> bool:
        """Move a branch to a commit that need not follow from the `expected` one, to which it points.

        False if it doesn't point to that one: nobody's commit is ever lost.
        """

    def delete_branch(self, name: str, *, expected: Head) -> bool:
        """Delete a branch that points to the `expected` commit; its open pull request ends with it.

        False if it points to another one: nobody's commit is ever lost. One that is gone already is no failure.
        """

    def ahead(self, branch: str, base: str) -> Sequence[Head]:
        """The commits of a branch that another branch hasn't, the newest first; trees may be empty."""

    def latest(self, branch: str, most: int, path: str = "") -> Sequence[Head]:
        """The latest commits of a branch, the newest first; with a path, those that changed it. Trees may be empty."""

    def find_marked(self, branch: str, mark: Mark) -> Head | None:
        """The latest commit of an earlier attempt on a branch; None if it is not among the last `HISTORY`."""


def no_branch(repository: RemoteRepository, branch: str) -> ScenedockError:
    """The error for a branch that must exist, and isn't there."""
    if repository.is_new:
        return TemporaryError(
            f"{repository.address} was just created, and its branch {branch!r} isn't found yet", retry_after=1
        )
    return NotFoundError(f"{repository.address} has no branch {branch!r}")
