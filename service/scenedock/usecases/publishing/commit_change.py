"""Commit a change directly to a branch, where that is allowed; once, however often it is tried."""

from __future__ import annotations

from collections.abc import Callable

from scenedock.effects.code_hosts.remote_repository import RemoteRepository, no_branch
from scenedock.errors import ConflictError, NotAllowedError, TemporaryError
from scenedock.gitops.changes import ChangeRequest, Check, Edit, Intended, allow_all, plan_changes
from scenedock.gitops.values_edits import get_value
from scenedock.model.code_hosts.code_host import CodeHost
from scenedock.model.code_hosts.commit import Attempt, CommitListing, FileChange, Head, commit_message, touched_paths
from scenedock.structs import dataclass

_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Committed:
    """The branch, its commit, and whether this call created the commit."""

    changed: bool
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a round read and planned, before the branch moved."""

    head: Head
    listing: CommitListing
    changes: tuple[FileChange, ...]


def commit_change(
    repository: RemoteRepository,
    host: CodeHost,
    request: ChangeRequest,
    branch: str | None,
    text: str,
    attempt: Attempt,
    check: Check = allow_all,
) -> Committed:
    """Put one commit on a branch, by default the default branch; `text` is its message.

    `check` looks at what is planned, and may refuse it.

    If others push to the branch meanwhile, the change is applied on top of their commits, unless they changed the same.

    Raises
    ------
    NotAllowedError   commits without a pull request aren't allowed here, or the branch is protected
    NotFoundError     there is no such repository, branch or file
    ConflictError     somebody changed the same meanwhile, or a file exists already
    InputError        the change contradicts itself, or a value to set is not in its file
    TemporaryError    the host can't be reached, its rate limit is used up, or the branch moves too often
    """
    address = repository.address
    if not host.takes_commits(address):
        raise NotAllowedError(
            f"{address}: commits without a pull request are not allowed; use `propose-change`, or list the repository "
            "under `direct_commits` of its code host"
        )
    message = commit_message(text, attempt)
    branch = branch or repository.default_branch()
    seen: _Seen | None = None
    for _ in range(_ROUNDS):
        # The commit of an earlier attempt, or of one that was wrongly given up and still runs.
        if attempt.tried_before and (earlier := repository.find_marked(branch, attempt.mark)):
            return Committed(changed=True, branch=branch, commit=earlier.commit)
        head = repository.head(branch)
        if head is None:
            raise no_branch(repository, branch)
        listing = repository.listing(head, request.paths)
        if seen:
            _refuse_overlap(repository, request, branch, seen, listing)
        changes = plan_changes(request, listing, _reading(repository, listing), attempt.log)
        check(Intended(branch, head, listing, _reading(repository, listing), changes))
        new = repository.write(head, changes, listing, message)
        if new.commit == head.commit:
            return Committed(changed=False, branch=branch, commit=head.commit)
        if repository.move_branch(branch, new, expected=head):
            attempt.log(f"{address}: committed {new.commit[:12]} to {branch}")
            return Committed(changed=True, branch=branch, commit=new.commit)
        attempt.log(f"{address}: {branch} has moved meanwhile; the change is applied again on top")
        seen = _Seen(head, listing, changes)
    raise TemporaryError(f"{address}: {branch} moves too often", retry_after=30)


def _reading(repository: RemoteRepository, listing: CommitListing) -> Callable[[str], bytes]:
    return lambda path: repository.read(listing[path])


def _refuse_overlap(
    repository: RemoteRepository, request: ChangeRequest, branch: str, seen: _Seen, now: CommitListing
) -> None:
    """Refuse to continue if others changed the same: whole files, or in edited files the same values.

    Raises
    ------
    ConflictError   others did; the message names the paths and the commits
    """
    before = seen.listing
    planned = {file.path for file in request.files if file.expected is not None}  # these are checked when they are made
    changed = {path for path in touched_paths(seen.changes) - planned if before.get(path) != now.get(path)}
    for file in sorted({edit.path for edit in request.edits} & changed & set(before) & set(now)):
        old, new = (repository.read(listing[file]) for listing in (before, now))
        edits = [edit for edit in request.edits if edit.path == file]
        if all(_is_same(old, new, path, edit) for edit in edits for path in edit.paths):
            changed.discard(file)
    if changed:
        paths = "; ".join(f"{path} ({_who(repository, branch, path)})" for path in sorted(changed)[:5])
        raise ConflictError(f"{repository.address}: others have changed the same on {branch}: {paths}")


def _is_same(old: bytes, new: bytes, path: str, edit: Edit) -> bool:
    """Whether both have the same at a path of an edit; `-` is an item that neither has."""
    before, now = (get_value(content, path, edit.path, edit.document) for content in (old, new))
    return before == now


def _who(repository: RemoteRepository, branch: str, path: str) -> str:
    """The last commit that changed a path: its id and the first line of its message."""
    latest = next(iter(repository.latest(branch, 1, path)), None)
    return f"{latest.commit[:12]} {latest.message.partition(chr(10))[0][:80]}" if latest else "gone"
