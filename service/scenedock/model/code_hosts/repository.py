"""A repository as its code host describes it."""

from __future__ import annotations

from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Existing:
    """A repository: its addresses for browsers and for git, its default branch, its description.

    `empty` if it has no commit yet; then it may have no default branch.
    """

    url: str
    remote_url: str
    default_branch: str
    description: str
    empty: bool = False
