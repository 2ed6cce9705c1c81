"""Pull requests on a code host."""

from __future__ import annotations

from typing import Literal, TypeAlias

from scenedock.structs import dataclass

PullRequestState: TypeAlias = Literal["open", "merged", "closed"]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One pull request, from `branch` into `base`.

    `commit` is the head of its branch, `merge_commit` the commit of the merge, if there is one.
    `merges_by_itself` if its host is to merge it as soon as its rules allow.
    """

    number: int
    url: str
    state: PullRequestState
    branch: str
    commit: str
    base: str = ""
    title: str = ""
    body: str = ""
    merge_commit: str | None = None
    merges_by_itself: bool = False

    @property
    def name(self) -> str:
        """What its host calls it in its repository: `#7`, and on GitLab, where that is an issue, `!7`."""
        return f"{'!' if '/merge_requests/' in self.url else '#'}{self.number}"


@dataclass(frozen=True, slots=True)
class NewPullRequest:
    """A pull request to create, from `branch` into `base`."""

    branch: str
    base: str
    title: str
    body: str
    draft: bool = False


def awaited(host: str, path: str, number: int) -> str:
    """The key under which tasks wait for the end of a pull request; names are case-insensitive."""
    return f"pull-request:{host}/{path.lower()}#{number}"
