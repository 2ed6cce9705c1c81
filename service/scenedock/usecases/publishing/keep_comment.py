"""Keep one comment of a pipeline on a pull request: write it, replace it, or delete it when there is nothing to say."""

from __future__ import annotations

from scenedock.effects.code_hosts.pull_requests import PullRequests
from scenedock.model.code_hosts.comment import Comment, KeptComment


def keep_comment(pulls: PullRequests, number: int, comment: KeptComment) -> str:
    """The address of the comment that is there afterwards: this one, or that of a later run; empty if there is none.

    Runs at the same time may each write one: the later one's stays, and whoever sees both deletes the other.

    Raises
    ------
    NotAllowedError   our credentials don't suffice
    NotFoundError     there is no such pull request, or our credentials don't show it
    TemporaryError    the host can't be reached
    """
    existing = _existing(pulls, number, comment)
    if comment.text and not existing:
        pulls.comment(number, comment.body)
        existing = _existing(pulls, number, comment)
    runs = [run for run, _ in existing]
    kept: Comment | None = None
    if existing and (comment.text or max(runs) > comment.run):
        kept = existing[runs.index(max(runs))][1]
        if max(runs) <= comment.run and kept.body != comment.body:
            pulls.edit_comment(number, kept.id, comment.body)
    for _, each in existing:
        if each is not kept:
            pulls.delete_comment(number, each.id)
    return kept.url if kept else ""


def _existing(pulls: PullRequests, number: int, comment: KeptComment) -> list[tuple[int, Comment]]:
    """Our comments about its subject, each with its run, the oldest first."""
    return [(run, each) for each in pulls.own_comments(number) if (run := comment.run_of(each)) is not None]
