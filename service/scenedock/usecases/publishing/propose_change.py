"""Propose a change of a repository: a branch, one commit, a pull request; once, however often it is tried."""

from __future__ import annotations

import hashlib
import re

from scenedock.effects.code_hosts.remote_repository import RemoteRepository, no_branch
from scenedock.errors import ConflictError, ScenedockError, TemporaryError
from scenedock.gitops.changes import ChangeRequest, Check, Intended, allow_all, plan_changes
from scenedock.model.code_hosts.commit import Attempt, Head, Mark, commit_message, has_mark, refuse_trailers
from scenedock.model.code_hosts.pull_request import NewPullRequest, PullRequest, PullRequestState
from scenedock.model.code_hosts.pull_request_text import renewed, text_of
from scenedock.structs import dataclass, replace
from scenedock.usecases.publishing.own_branches import meanwhile, only_ours, put, refuse_replaced


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal. Without `base`, it is for the default branch; `message` is that of the commit."""

    changes: ChangeRequest
    branch: str
    base: str | None
    title: str
    body: str
    message: str
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    draft: bool = False
    changes_later: bool = False
    """Whether the text is replaced by that of a later change."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The result. Without a change there is neither branch nor pull request; plain git servers only have branches."""

    changed: bool
    branch: str
    commit: str
    url: str | None = None
    number: int | None = None
    state: PullRequestState | None = None
    by_others: bool = False
    """Whether the branch has commits that we didn't make."""

    @classmethod
    def of(cls, pull: PullRequest) -> Proposed:
        """What an earlier attempt has proposed by a pull request."""
        return cls(
            changed=True, branch=pull.branch, commit=pull.commit, url=pull.url, number=pull.number, state=pull.state
        )


def propose_change(
    repository: RemoteRepository, proposal: Proposal, attempt: Attempt, check: Check = allow_all
) -> Proposed:
    """Create a branch with one commit, and a pull request for it; or update those of an earlier change.

    `check` looks at what is planned, and may refuse it.

    An earlier attempt of the same step is continued where it ended: what it created has the task's id. A branch of
    this name is an earlier change of ours if we made all its commits; it gets the new commit instead of the old one.

    Raises
    ------
    InputError        the change contradicts itself, or a value to set is not in its file
    NotFoundError     there is no such repository, branch or file
    ConflictError     a file exists already, or a branch of this name with commits of others
    NotAllowedError   our credentials don't suffice
    TemporaryError    the host can't be reached, or its rate limit is used up
    """
    refuse_trailers(proposal.body, "text of the pull request")
    message = commit_message(proposal.message, attempt)
    if attempt.tried_before and (earlier := _earlier(repository, proposal, attempt)):
        return earlier
    base = proposal.base or repository.default_branch()
    head = repository.head(base)
    if head is None:
        raise no_branch(repository, base)
    request = proposal.changes
    listing = repository.listing(head, request.paths) if request.needs_listing or check is not allow_all else {}

    def read(path: str) -> bytes:
        return repository.read(listing[path])

    changes = plan_changes(request, listing, read, attempt.log)
    check(Intended(base, head, listing, read, changes))
    new = repository.write(head, changes, listing, message)
    if new.commit == head.commit:
        attempt.log(f"{repository.address}: {base} has all of this already; there is nothing to propose")
        return Proposed(changed=False, branch=base, commit=head.commit)
    if not repository.create_branch(proposal.branch, new):
        new = _on_existing_branch(repository, proposal, base, new, attempt)
    return open_pull_request(repository, proposal, base, new, attempt)


def branch_name(title: str, mark: Mark) -> str:
    """The name of a branch for a change, from its title and the task's id, so that each step has its own."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "change"
    return f"scenedock/{words}-{hashlib.sha256(str(mark).encode()).hexdigest()[:10]}"


def _earlier(repository: RemoteRepository, proposal: Proposal, attempt: Attempt) -> Proposed | None:
    """The result of an earlier attempt: its pull request, which may be merged by now, or its branch.

    Raises
    ------
    ConflictError   a later change has replaced it
    """
    pull = repository.pulls.find(proposal.branch) if repository.pulls else None
    if pull and attempt.mark.in_text(pull.body):
        return _proposed(repository, proposal, pull, attempt)
    refuse_replaced(pull, (), attempt)
    if (head := repository.head(proposal.branch)) is None:
        return None
    if not attempt.mark.in_text(head.message):
        if (own := repository.find_marked(proposal.branch, attempt.mark)) is None:
            return None
        head = own
    return open_pull_request(repository, proposal, proposal.base or repository.default_branch(), head, attempt)


def _on_existing_branch(
    repository: RemoteRepository, proposal: Proposal, base: str, new: Head, attempt: Attempt
) -> Head:
    """The commit on a branch that exists: an earlier attempt's, or the new one in the place of an earlier change.

    Raises
    ------
    ConflictError   the branch has commits of others, or its pull request is for another base
    """
    branch, address = proposal.branch, repository.address
    if own := repository.find_marked(branch, attempt.mark):
        return own
    existing = repository.head(branch)
    if existing is None or not only_ours(repository.ahead(branch, base), branch, base):
        raise ConflictError(
            f"{address} has a branch {branch!r} that isn't only an earlier change of Scenedock's; use another name, or "
            "delete it"
        )
    pull = repository.pulls.find(branch) if repository.pulls else None
    if pull and pull.state == "open" and pull.base != base:
        raise ConflictError(f"{address}: {pull.url} proposes the branch {branch!r} for {pull.base!r}, not {base!r}")
    put(repository, branch, new, existing, attempt)
    return new


def open_pull_request(
    repository: RemoteRepository,
    proposal: Proposal,
    base: str,
    new: Head,
    attempt: Attempt,
    existing: PullRequest | None = None,
) -> Proposed:
    """The pull request of the proposal's branch, which has the new commit; a new one unless one is open.

    `existing` is one that is open, as it was before the branch got the commit.

    Raises
    ------
    ConflictError   another change replaced the commit meanwhile
    """
    pulls = repository.pulls
    if pulls is None:
        attempt.log(f"{repository.address}: pushed the branch {proposal.branch}; its host has no pull requests")
        return Proposed(changed=True, branch=proposal.branch, commit=new.commit)
    body = text_of(proposal.body, attempt, replaced_later=proposal.changes_later)
    new_pull = NewPullRequest(proposal.branch, base, proposal.title, body, proposal.draft)
    opened = None if existing else pulls.open(new_pull)
    pull = opened or existing or pulls.find(proposal.branch)
    if pull is None:
        raise TemporaryError(
            f"{repository.address} says that there is a pull request, but doesn't list it", retry_after=5
        )
    if pull.commit != new.commit:
        now = repository.head(proposal.branch)
        if now and now.commit != new.commit and now.is_ours and not attempt.has_made(now.message):
            raise meanwhile(repository, proposal.branch, now)
    if opened is None:
        renew_text(repository, proposal, pull, attempt)
    return _proposed(repository, proposal, replace(pull, commit=new.commit) if existing else pull, attempt)


def renew_text(repository: RemoteRepository, proposal: Proposal, pull: PullRequest, attempt: Attempt) -> None:
    """Let an open pull request tell what its branch has now, unless it does, or a person removed our mark from it."""
    if repository.pulls and pull.state == "open" and has_mark(pull.body) and not attempt.has_made(pull.body):
        body = renewed(pull.body, proposal.body, attempt)
        repository.pulls.update(pull.number, title=proposal.title, body=body)


def _proposed(repository: RemoteRepository, proposal: Proposal, pull: PullRequest, attempt: Attempt) -> Proposed:
    """The pull request with its labels and reviewers, as long as it is open."""
    if repository.pulls and pull.state == "open":
        _decorate(repository, proposal, pull, attempt)
    attempt.log(f"pull request {pull.url} ({pull.state})")
    return Proposed.of(pull)


def _decorate(repository: RemoteRepository, proposal: Proposal, pull: PullRequest, attempt: Attempt) -> None:
    """Add labels and reviewers; if GitHub refuses them, that is logged, and the pull request stays."""
    pulls = repository.pulls
    if pulls is None:
        return
    try:
        if proposal.labels:
            pulls.label(pull.number, proposal.labels)
        if proposal.reviewers or proposal.team_reviewers:
            pulls.ask_reviewers(pull.number, proposal.reviewers, proposal.team_reviewers)
    except TemporaryError:
        raise
    except ScenedockError as error:
        attempt.log(f"the pull request is open, but: {error}")
