"""Take back what a step has proposed: its branch, and with it the pull request."""

from __future__ import annotations

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.model.code_hosts.commit import Mark
from scenedock.usecases.publishing.await_pull_request import read_pull_request_url
from scenedock.usecases.publishing.own_branches import only_ours


def withdraw_proposal(hosts: CodeHosts, url: str, mark: Mark, note: str) -> str:
    """Close a pull request, and delete its branch, if it still is what the step with the `mark` has made.

    Returns what was done, or what stays and why. `note` is a comment on the pull request, which says who asked.

    Raises
    ------
    NotAllowedError   the host or the owner isn't in our list, or our credentials don't suffice
    NotFoundError     there is no such pull request
    TemporaryError    the host can't be reached
    """
    address, number = read_pull_request_url(url)
    with hosts.open(hosts.named(address)) as repository:
        if repository.pulls is None:
            return f"{url} stays: its host has no pull requests"
        pull = repository.pulls.get(number)
        if pull.state == "merged":
            return f"{url} stays: it is merged; a later change must take it back"
        head = repository.head(pull.branch)
        if head is None:
            return f"{url} is {pull.state}, and its branch {pull.branch} is deleted"
        ahead = repository.ahead(pull.branch, pull.base or repository.default_branch())
        if not mark.in_text(head.message) or not only_ours(ahead, pull.branch, pull.base):
            return f"{url} stays: its branch {pull.branch} has commits that aren't those of the step"
        if pull.state == "open":
            repository.pulls.comment(number, note)
        if not repository.delete_branch(pull.branch, expected=head):
            return f"{url} stays: somebody has changed its branch {pull.branch} at this moment"
        return f"{url} is closed, and its branch {pull.branch} is deleted"
