"""The interface of a repository's pull requests (merge requests on GitLab), whatever the type of the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scenedock.model.code_hosts.comment import Comment
from scenedock.model.code_hosts.pull_request import NewPullRequest, PullRequest


class PullRequests(Protocol):
    """The pull requests of one repository. Every method raises TemporaryError if trying again may help, NotFoundError
    if the repository doesn't exist, and NotAllowedError if our credentials don't suffice.
    """

    def find(self, branch: str) -> PullRequest | None:
        """The newest pull request of a branch, even if the branch has been deleted."""

    def get(self, number: int) -> PullRequest:
        """A pull request by its number.

        Raises
        ------
        NotFoundError   there is no pull request with this number
        """

    def open_ones(self, prefix: str) -> Sequence[PullRequest]:
        """The open pull requests whose branch begins with a prefix, the newest first; at most a thousand are read."""

    def open(self, new: NewPullRequest) -> PullRequest | None:
        """Open a pull request; None if its branch already has an open one."""

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Replace the title or the text of a pull request, or both."""

    def close(self, number: int) -> None:
        """Close a pull request without merging it."""

    def comment(self, number: int, text: str) -> None:
        """Write a comment on a pull request, unless its first hundred comments have one of ours with the same text."""

    def own_comments(self, number: int) -> Sequence[Comment]:
        """Our comments on a pull request, the oldest first; at most a thousand are read."""

    def edit_comment(self, number: int, comment: int, text: str) -> None:
        """Replace the text of a comment."""

    def delete_comment(self, number: int, comment: int) -> None:
        """Delete a comment; one that is gone already is no failure."""

    def merge_when_ready(self, number: int, commit: str) -> bool:
        """Let the host merge a commit, the last of a pull request, as soon as its rules allow; False if it refuses.

        What already may be merged is merged at once. If the branch has another commit by now, nothing is merged.
        """

    def dont_merge_by_itself(self, number: int) -> None:
        """Take back that the host merges a pull request by itself; only for one of which the host says that it does.

        Raises
        ------
        ConflictError   the host refuses, and would still merge it
        """

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Add labels to a pull request; labels that don't exist yet are created."""

    def ask_reviewers(self, number: int, people: Sequence[str], teams: Sequence[str]) -> None:
        """Request a review from people and teams.

        Raises
        ------
        InputError   one of them can't review
        """
