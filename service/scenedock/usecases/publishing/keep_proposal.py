"""Keep one proposal up to date: a branch with one commit and its pull request, which follow what is wanted now."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Sequence

from scenedock.effects.code_hosts.remote_repository import RemoteRepository, no_branch
from scenedock.errors import ConflictError
from scenedock.gitops.changes import ChangeRequest, plan_changes
from scenedock.model.code_hosts.commit import Attempt, CommitListing, Head, commit_message
from scenedock.model.code_hosts.pull_request import PullRequest
from scenedock.structs import dataclass, replace
from scenedock.usecases.publishing.newer_only import open_beside
from scenedock.usecases.publishing.own_branches import only_ours, put, refuse_replaced
from scenedock.usecases.publishing.propose_change import Proposal, Proposed, open_pull_request, renew_text

_MOST_BRANCHES = 50


@dataclass(frozen=True, slots=True)
class _Place:
    """The branch that the proposal has or gets, with its commit and its newest pull request, if there are any.

    `is_current` if it has the same content already, `by_others` if others have worked on it, too. `taken` are open
    pull requests of the same proposal on whose branches others have worked.
    """

    branch: str
    existing: Head | None = None
    pull: PullRequest | None = None
    is_current: bool = False
    by_others: bool = False
    taken: tuple[PullRequest, ...] = ()


def digest_of(request: ChangeRequest) -> str:
    """A digest of what a request changes, by which a later run recognises the same proposal."""
    digest = hashlib.sha256()
    for file in sorted(request.files, key=lambda each: each.path):
        digest.update(f"{file.path}\0{len(file.content)}\0".encode() + file.content)
    digest.update("\0".join(["", *sorted(request.delete)]).encode())
    for edit in request.edits:
        digest.update(repr(edit).encode())
    return digest.hexdigest()[:16]


def keep_proposal(
    repository: RemoteRepository,
    proposal: Proposal,
    attempt: Attempt,
    may_replace: Callable[[bytes], bool] = lambda _content: True,
    *,
    supersede: bool = False,
    refuse_older: Callable[[str, str], None] | None = None,
) -> Proposed:
    """Propose a change, or update the proposal of an earlier run; nothing happens if that is the same already.

    The content of the proposal is recognised by the attempt's `content`, or else by its mark. The branch is built again
    on the newest base, if only we have worked on it. If others have, their work stays: that is a ConflictError, or with
    `supersede` the change gets a branch and a pull request of its own (`BRANCH+2`), and a comment tells it on theirs. A
    pull request that somebody has closed is not opened again for the same content. A file of the base branch is
    replaced or deleted only if `may_replace` is true of its content. `refuse_older` gets the message of what we propose
    now, with where that is, and raises if this mustn't take its place; also that of other pull requests for the same
    deployments. If the host was to merge the open pull request
    by itself, that ends with its content.

    Raises
    ------
    NotFoundError     there is no such repository or branch
    ConflictError     the branch has commits of others, or another run changes it at this moment
    NotAllowedError   our credentials don't suffice
    TemporaryError    the host can't be reached, or its rate limit is used up
    """
    message = commit_message(proposal.message, attempt)
    base = proposal.base or repository.default_branch()
    place = _place(repository, proposal.branch, base, attempt, refuse_older, supersede=supersede)
    proposal = replace(proposal, branch=place.branch)
    if place.is_current:
        return _kept(repository, proposal, place, attempt)
    if refuse_older:
        _look_beside(repository, place.branch, base, attempt, refuse_older)
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
        if place.pull and place.pull.state == "open":
            attempt.log(f"{place.pull.url} is open, and proposes something else")
        return Proposed(changed=False, branch=base, commit=head.commit)
    opened = place.pull if place.pull and place.pull.state == "open" else None
    if repository.pulls and opened and opened.merges_by_itself:
        repository.pulls.dont_merge_by_itself(opened.number)
    put(repository, place.branch, new, place.existing, attempt)
    proposed = open_pull_request(repository, proposal, base, new, attempt, opened)
    if proposed.commit != new.commit:
        now = repository.head(place.branch)
        proposed = replace(proposed, by_others=now is None or not attempt.has_made(now.message))
    _tell(repository, place, proposed)
    return proposed


def _place(
    repository: RemoteRepository,
    branch: str,
    base: str,
    attempt: Attempt,
    refuse_older: Callable[[str, str], None] | None,
    *,
    supersede: bool,
) -> _Place:
    """Where the proposal is, or may be put.

    Raises
    ------
    ConflictError   its branch has other content, and commits of others or of a change that came after this attempt
    """
    pulls = repository.pulls
    names = [branch, *(f"{branch}+{number}" for number in range(2, _MOST_BRANCHES) if supersede)]
    newest_last = reversed(pulls.open_ones(branch)) if pulls else ()
    opened = {pull.branch: pull for pull in newest_last}
    taken: list[PullRequest] = []
    for name in sorted(names, key=lambda name: (name not in opened, names.index(name))):
        existing = repository.head(name)
        ahead = repository.ahead(name, base) if existing else ()
        pull = opened.get(name) or (pulls.find(name) if pulls else None)
        made = [head.commit for head in ahead] if any(attempt.has_made(head.message) for head in ahead) else []
        ours = not ahead or only_ours(ahead, name, base)
        if bool(made) if pulls is None else _is_current(pull, attempt, existing, made):
            return _Place(name, existing, pull, is_current=True, by_others=not ours, taken=tuple(taken))
        refuse_replaced(pull, ahead, attempt)
        if refuse_older and (pull is None or pull.state == "open") and (last := _our_last(ahead)):
            refuse_older(last.message, pull.url if pull else f"the branch {name!r}")
        if ours and not (pull and pull.state == "open" and pull.base != base):
            return _Place(name, existing, pull, taken=tuple(taken))
        if pull and pull.state == "open":
            taken.append(pull)
    raise ConflictError(
        f"{repository.address}: the branch {branch!r} has commits of others, which are not overwritten; merge its pull "
        "request, or delete the branch"
    )


def _look_beside(
    repository: RemoteRepository, branch: str, base: str, attempt: Attempt, refuse_older: Callable[[str, str], None]
) -> None:
    """Ask about the other open pull requests for the same deployments, as that of a set."""
    for pull, _ in open_beside(repository, branch, attempt.deploys):
        if last := _our_last(repository.ahead(pull.branch, pull.base or base)):
            refuse_older(last.message, pull.url)


def _our_last(ahead: Sequence[Head]) -> Head | None:
    return next((head for head in ahead if head.is_ours), None)


def _is_current(pull: PullRequest | None, attempt: Attempt, existing: Head | None, made: Sequence[str]) -> bool:
    """Whether a pull request has the same content already; `made` are the commits of a branch that has it.

    The branch of one that is closed may have got its commits later, in an attempt that ended before it opened its own.
    """
    if pull is None:
        return False
    if pull.state == "open":
        return bool(made)
    if attempt.tried_before and attempt.mark.in_text(pull.body):
        return True
    return pull.state == "closed" and (pull.commit in made or (existing is None and attempt.has_made(pull.body)))


def _kept(repository: RemoteRepository, proposal: Proposal, place: _Place, attempt: Attempt) -> Proposed:
    pull = place.pull
    if pull is None:
        return Proposed(changed=True, branch=place.branch, commit=place.existing.commit if place.existing else "")
    if place.existing and attempt.has_made(place.existing.message):
        renew_text(repository, proposal, pull, attempt)
    attempt.log(f"pull request {pull.url} ({pull.state}) has this already")
    proposed = Proposed(
        changed=True,
        branch=pull.branch,
        commit=place.existing.commit if place.existing and pull.state == "open" else pull.commit,
        url=pull.url,
        number=pull.number,
        state=pull.state,
        by_others=place.by_others,
    )
    if attempt.tried_before:
        _tell(repository, place, proposed)
    return proposed


def _tell(repository: RemoteRepository, place: _Place, proposed: Proposed) -> None:
    """Tell on the pull requests that others have worked on where the change is proposed now."""
    for pull in place.taken:
        if repository.pulls and proposed.url:
            repository.pulls.comment(
                pull.number,
                f"A later change of the same is proposed in {proposed.url}. This branch has commits that Scenedock "
                "didn't make, so it stays as it is: close this pull request if it is no longer wanted.",
            )


def _allowed(request: ChangeRequest, listing: CommitListing, kept: Container[str]) -> ChangeRequest:
    """The request without the files that are kept, and without deleting what isn't there."""
    return replace(
        request,
        files=tuple(file for file in request.files if file.path not in kept),
        delete=tuple(path for path in request.delete if path in listing and path not in kept),
    )
