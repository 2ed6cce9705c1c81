"""Propose a change of a repository: a branch, one commit, a pull request; once, however often it is tried."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from scenedock.effects.code_hosts.remote_repository import RemoteRepository, no_branch
from scenedock.errors import ConflictError, ScenedockError, TemporaryError
from scenedock.gitops.changes import ChangeRequest, plan_changes
from scenedock.model.code_hosts.commit import Attempt, Head, Mark, commit_message, refuse_trailers
from scenedock.model.code_hosts.pull_request import NewPullRequest, PullRequest, PullRequestState


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


@dataclass(frozen=True, slots=True)
class Proposed:
    """The result. Without a change there is neither branch nor pull request; plain git servers only have branches."""

    changed: bool
    branch: str
    commit: str
    url: str | None = None
    number: int | None = None
    state: PullRequestState | None = None


def propose_change(repository: RemoteRepository, proposal: Proposal, attempt: Attempt) -> Proposed:
    """Create a branch with one commit, and a pull request for it.

    An earlier attempt of the same step is continued where it ended: what it created has the task's id.

    Raises
    ------
    InputError        the change contradicts itself, or a value to set is not in its file
    NotFoundError     there is no such repository, branch or file
    ConflictError     a file exists already, or a branch of this name that isn't ours
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
    listing = repository.listing(head, request.paths) if request.needs_listing else {}
    changes = plan_changes(request, listing, lambda path: repository.read(listing[path]), attempt.log)
    new = repository.write(head, changes, listing, message)
    if new.commit == head.commit:
        attempt.log(f"{repository.address}: {base} has all of this already; there is nothing to propose")
        return Proposed(changed=False, branch=base, commit=head.commit)
    if not repository.create_branch(proposal.branch, new):
        new = _own_branch(repository, proposal.branch, attempt.mark)
    return open_pull_request(repository, proposal, base, new, attempt)


def branch_name(title: str, mark: Mark) -> str:
    """The name of a branch for a change, from its title and the task's id, so that each step has its own."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "change"
    return f"scenedock/{words}-{hashlib.sha256(str(mark).encode()).hexdigest()[:10]}"


def _earlier(repository: RemoteRepository, proposal: Proposal, attempt: Attempt) -> Proposed | None:
    """The result of an earlier attempt: its pull request, which may be merged by now, or its branch."""
    pull = repository.pulls.find(proposal.branch) if repository.pulls else None
    if pull and attempt.mark.in_text(pull.body):
        return _proposed(repository, proposal, pull, attempt)
    if (head := repository.head(proposal.branch)) is None:
        return None
    if not attempt.mark.in_text(head.message):
        head = _own_branch(repository, proposal.branch, attempt.mark)
    return open_pull_request(repository, proposal, proposal.base or repository.default_branch(), head, attempt)


def _own_branch(repository: RemoteRepository, branch: str, mark: Mark) -> Head:
    """The commit of an earlier attempt on the branch of this name.

    Raises
    ------
    ConflictError   there is none: the branch belongs to somebody else
    """
    own = repository.find_marked(branch, mark)
    if own is None:
        raise ConflictError(
            f"{repository.address} has a branch {branch!r} that this task didn't create; use another name, or delete it"
        )
    return own


def open_pull_request(
    repository: RemoteRepository, proposal: Proposal, base: str, new: Head, attempt: Attempt
) -> Proposed:
    """The pull request of the proposal's branch, which has the new commit; a new one unless one is open."""
    pulls = repository.pulls
    if pulls is None:
        attempt.log(f"{repository.address}: pushed the branch {proposal.branch}; its host has no pull requests")
        return Proposed(changed=True, branch=proposal.branch, commit=new.commit)
    body = "\n\n".join(filter(None, (proposal.body.strip(), f"---\n{attempt.trailers}")))
    pull = pulls.open(NewPullRequest(proposal.branch, base, proposal.title, body, proposal.draft))
    pull = pull or pulls.find(proposal.branch)
    if pull is None:
        raise TemporaryError(
            f"{repository.address} says that there is a pull request, but doesn't list it", retry_after=5
        )
    return _proposed(repository, proposal, pull, attempt)


def _proposed(repository: RemoteRepository, proposal: Proposal, pull: PullRequest, attempt: Attempt) -> Proposed:
    """The pull request with its labels and reviewers, as long as it is open."""
    if repository.pulls and pull.state == "open":
        _decorate(repository, proposal, pull, attempt)
    attempt.log(f"pull request {pull.url} ({pull.state})")
    return Proposed(
        changed=True, branch=pull.branch, commit=pull.commit, url=pull.url, number=pull.number, state=pull.state
    )


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
