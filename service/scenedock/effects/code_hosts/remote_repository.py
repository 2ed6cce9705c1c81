"""A repository on a code host, as use cases see it, whichever kind of host it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.code_hosts.commit import CommitListing, FileChange, Head, Mark, RepositoryFile

if TYPE_CHECKING:
    from scenedock.effects.github.pulls import PullRequests
    from scenedock.effects.github.settings import RepositorySettings


class RemoteRepository(Protocol):
    """What can be asked of a repository and done to it. Every method raises TemporaryError where trying again may help,
    NotFoundError where the repository isn't there, and NotAllowedError where our credentials don't suffice.
    """

    @property
    def address(self) -> RepositoryAddress:
        """Where it is."""

    @property
    def pulls(self) -> PullRequests | None:
        """Its pull requests; None where the host is a plain git server."""

    @property
    def settings(self) -> RepositorySettings | None:
        """The repository as such; None where the host is a plain git server."""

    def default_branch(self) -> str:
        """The branch that others begin at."""

    def head(self, branch: str) -> Head | None:
        """The commit at which a branch stands; None where there is no such branch."""

    def listing(self, head: Head, paths: Sequence[str]) -> CommitListing:
        """The files of a commit: all, or where there are very many at least those at and around some paths."""

    def read(self, file: RepositoryFile) -> bytes:
        """The content of a file."""

    def write(self, base: Head | None, changes: Sequence[FileChange], listing: CommitListing, message: str) -> Head:
        """Make a commit after `base`, or one without a parent, which no branch has yet.

        Where it would change nothing, the answer is `base`. `listing` is needed for what renames, and for what keeps
        its mode.
        """

    def create_branch(self, name: str, head: Head) -> bool:
        """Make a branch; False where there is one of this name."""

    def move_branch(self, name: str, head: Head, *, expected: Head | None) -> bool:
        """Let a branch stand at a commit, if it still stands at the `expected` one; False where it doesn't.

        With `expected` None it is moved from wherever it stands.
        """

    def latest(self, branch: str, most: int, path: str = "") -> Sequence[Head]:
        """The latest commits of a branch, the newest first; with a path, those that changed it. Trees may be empty."""

    def find_marked(self, branch: str, mark: Mark) -> Head | None:
        """The latest commit that an earlier try has put on a branch; None where the last `HISTORY` have none."""
