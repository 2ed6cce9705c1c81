"""Find the commit to compare a pull request with: where its branch left the base branch, or what it is merged with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scenedock.effects.code_hosts.pipeline import Pipeline
from scenedock.effects.git.commands import ask_git, is_ancestor, is_folder, merge_base, parents_of
from scenedock.errors import InputError, NotFoundError


def find_base(root: Path, since: str, pipeline: Pipeline | None) -> str:
    """A commit of the clone; `since` is a branch, tag or commit, without which the pipeline's pull request decides.

    GitHub checks out a merge with the base branch as it is now. That branch may be ahead of the commit that the event
    names, and all that came since would count as changes: so the merge is compared with its own first parent.

    Empty if there is neither `since` nor a pull request.

    Raises
    ------
    InputError      `since` can't be a revision, the folder can't be read or isn't in a clone, or that lacks the commit
                    of the pull request
    NotFoundError   there is no such folder, or the clone lacks the commit, or the history that leads to it
    """
    if since.startswith("-") or not since.isprintable():
        raise InputError(f"{since!r} is not a valid name of a branch, tag or commit")
    if not is_folder(root):
        raise NotFoundError(f"{root}: there is no such folder")
    if not since and (pipeline is None or not pipeline.base):
        return ""
    parents = parents_of(root, "HEAD")
    if pipeline and pipeline.head:
        _check_head(root, pipeline, parents)
    is_merge = pipeline is not None and len(parents) == 2 and parents[1] == pipeline.head
    wanted = since or (parents[0] if is_merge else pipeline.base if pipeline else "")
    if found := merge_base(root, wanted, "HEAD"):
        return found
    if complaint := ask_git(root, "rev-parse", "--git-dir").complaint:
        raise InputError(f"{root}: changes can't be compared: {complaint}")
    is_shallow = ask_git(root, "rev-parse", "--is-shallow-repository").text == "true"
    deeper = f"set {pipeline.deeper}" if pipeline else "run `git fetch --unshallow`"
    remedy = f"it is shallow: {deeper}" if is_shallow else "check the name, or fetch it"
    raise NotFoundError(f"{root}: the clone doesn't reach back to {wanted!r}, to compare with; {remedy}")


def _check_head(root: Path, pipeline: Pipeline, parents: Sequence[str]) -> None:
    """Refuse a clone that doesn't have the pull request checked out: it would be said to change nothing.

    Raises
    ------
    InputError   it has something else
    """
    here = ask_git(root, "rev-parse", "--verify", "--quiet", "HEAD").text
    if here and pipeline.head not in {here, *parents} and not is_ancestor(root, pipeline.head, here):
        raise InputError(
            f"{root}: {here[:10]} is checked out, which hasn't the pull request's {pipeline.head[:10]}; "
            "check out the pull request, not its base branch"
        )
