"""Keep one proposal up to date: a branch with one commit and its pull request, which follow what a program writes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container
from dataclasses import replace

from scenedock.effects.code_hosts.remote_repository import RemoteRepository, no_branch
from scenedock.errors import ConflictError
from scenedock.gitops.changes import ChangeRequest, plan_changes
from scenedock.model.code_hosts.commit import TASK_TRAILER, Attempt, CommitListing, Head, commit_message
from scenedock.model.code_hosts.pull_request import PullRequest
from scenedock.usecases.publishing.propose_change import Proposal, Proposed, open_pull_request


def digest_of(request: ChangeRequest) -> str:
    """A digest of the files that a request writes and deletes, by which a later run recognises the same proposal."""
    digest = hashlib.sha256()
    for file in sorted(request.files, key=lambda each: each.path):
        digest.update(f"{file.path}\0{len(file.content)}\0".encode() + file.content)
    digest.update("\0".join(["", *sorted(request.delete)]).encode())
    return digest.hexdigest()[:16]


def keep_proposal(
    repository: RemoteRepository,
    proposal: Proposal,
    attempt: Attempt,
    may_replace: Callable[[bytes], bool],
) -> Proposed:
    """Propose files, or update the proposal of an earlier run; nothing happens if that is the same already.

    The mark of the attempt names the program (`task`) and the proposal's content (`step`, from `digest_of`). A pull
    request that somebody has closed is not opened again for the same content. A file of the base branch is replaced
    or deleted only if `may_replace` is true of its content.

    Raises
    ------
    NotFoundError     there is no such repository or branch
    ConflictError     the branch has commits of others
    NotAllowedError   our credentials don't suffice
    TemporaryError    the host can't be reached, or its rate limit is used up
    """
    message = commit_message(proposal.message, attempt)
    existing = repository.head(proposal.branch)
    pull = repository.pulls.find(proposal.branch) if repository.pulls else None
    if (current := _current(repository, proposal, existing, pull, attempt)) is not None:
        return current
    base = proposal.base or repository.default_branch()
    head = repository.head(base)
    if head is None:
        raise no_branch(repository, base)
    listing = repository.listing(head, proposal.changes.paths)
    paths = {*(file.path for file in proposal.changes.files), *proposal.changes.delete} & listing.keys()
    kept = {path for path in paths if not may_replace(repository.read(listing[path]))}
    for path in sorted(kept):
        attempt.log(f"{repository.address}: {path} in {base} was written by somebody else, and stays")
    request = _allowed(proposal.changes, listing, kept)
    new = head
    if request.paths:
        changes = plan_changes(request, listing, lambda path: repository.read(listing[path]), attempt.log)
        new = repository.write(head, changes, listing, message)
    if new.commit == head.commit:
        attempt.log(f"{repository.address}: {base} has all of this already; there is nothing to propose")
        return Proposed(changed=False, branch=base, commit=head.commit)
    if repository.pulls and pull and pull.state == "open" and not attempt.mark.in_text(pull.body):
        # Its branch may be deleted when it is closed; then only its text says what it proposed last.
        repository.pulls.update(pull.number, _marked_again(pull.body, attempt))
    _put(repository, proposal.branch, new, existing)
    return open_pull_request(repository, proposal, base, new, attempt)


def _current(
    repository: RemoteRepository,
    proposal: Proposal,
    existing: Head | None,
    pull: PullRequest | None,
    attempt: Attempt,
) -> Proposed | None:
    """The proposal of an earlier run, if it has the same content and is not merged.

    Raises
    ------
    ConflictError   its branch has other content, and commits of others
    """
    marked = existing is not None and attempt.mark.in_text(existing.message)
    if existing is not None and not marked and f"{TASK_TRAILER}: {attempt.mark.task}/" not in existing.message:
        if repository.find_marked(proposal.branch, attempt.mark) is None:
            raise ConflictError(
                f"{repository.address}: the branch {proposal.branch!r} has commits of others, which are not "
                "overwritten; merge its pull request, or delete the branch"
            )
        marked = True
    if existing and marked and repository.pulls is None:
        return Proposed(changed=True, branch=proposal.branch, commit=existing.commit)
    if pull is None or pull.state == "merged" or not (marked or (not existing and attempt.mark.in_text(pull.body))):
        return None
    attempt.log(f"pull request {pull.url} ({pull.state}) has this already")
    return Proposed(
        changed=True, branch=pull.branch, commit=pull.commit, url=pull.url, number=pull.number, state=pull.state
    )


def _allowed(request: ChangeRequest, listing: CommitListing, kept: Container[str]) -> ChangeRequest:
    """The request without the files that are kept, and without deleting what isn't there."""
    return replace(
        request,
        files=tuple(file for file in request.files if file.path not in kept),
        delete=tuple(path for path in request.delete if path in listing and path not in kept),
    )


def _marked_again(body: str, attempt: Attempt) -> str:
    """The text of a pull request with the attempt's mark instead of an earlier run's; the rest may be a person's."""
    earlier = f"{TASK_TRAILER}: {attempt.mark.task}/"
    rest = [line for line in body.splitlines() if not line.strip().startswith(earlier)]
    return "\n".join([*rest, *([] if "---" in rest else ["", "---"]), attempt.mark.trailer])


def _put(repository: RemoteRepository, branch: str, new: Head, existing: Head | None) -> None:
    if existing is None:
        done = repository.create_branch(branch, new)
    else:
        done = repository.move_branch(branch, new, expected=None)
    if not done:
        raise ConflictError(f"{repository.address}: another run is changing the branch {branch!r}; run this again")
