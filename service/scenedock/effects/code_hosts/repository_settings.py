"""The interface of a repository's settings, and of its creation, whatever the type of the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from scenedock.model.code_hosts.code_host import Visibility
from scenedock.model.code_hosts.repository import Existing


class RepositorySettings(Protocol):
    """One repository, which may not exist yet. Every method raises TemporaryError if trying again may help, and
    NotAllowedError if our credentials don't suffice. Every one can be repeated.
    """

    @property
    def has_first_commit(self) -> bool:
        """Whether the host makes a first commit in a new repository, which is replaced; else a new one is empty."""

    def check(self, *, homepage: str, variables: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """Refuse what the host can't keep, before anything is created; makes no request.

        Raises
        ------
        InputError   it can't
        """

    def check_plan(self, visibility: Visibility, approvals: int) -> None:
        """Check that the owner's plan has the protection of branches that is asked for, as far as we are told.

        Raises
        ------
        InputError   it hasn't
        """

    def check_team(self, team: str) -> None:
        """Check that there is a team (on GitLab a group, by its full path).

        Raises
        ------
        NotFoundError   there is none
        """

    def create(self, visibility: Visibility, description: str) -> Existing | None:
        """Create the repository; None if there is already one of this name.

        Raises
        ------
        NotFoundError     there is no such owner, or our credentials give no access to it
        NotAllowedError   our credentials may not create repositories there
        """

    def find(self) -> Existing | None:
        """The host's data about the repository; None if our credentials give access to none.

        Raises
        ------
        ConflictError   the name is a former one of another repository; a new one would end the redirect to it
        """

    def get(self) -> Existing:
        """The host's data about the repository.

        Raises
        ------
        NotFoundError   it doesn't exist
        """

    def update(self, *, description: str, homepage: str) -> None:
        """Set the description and the home page."""

    def set_default_branch(self, old: str, new: str) -> None:
        """Make `new` the default branch, instead of the only one, `old`, or of none."""

    def set_topics(self, topics: Sequence[str]) -> None:
        """Set all topics."""

    def give_team_access(self, team: str, permission: str) -> None:
        """Give a team (on GitLab a group) access, with a permission in GitHub's words."""

    def protect_branch(self, branch: str, approvals: int, checks: Sequence[str]) -> str:
        """Protect a branch: only pull requests may change it, with a number of approvals and passed checks.

        Returns what isn't done because the owner's plan doesn't include it, else an empty text.
        """

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable for pipelines."""

    def set_secrets(self, secrets: Mapping[str, str]) -> None:
        """Set secrets for pipelines."""
