"""Publish a change of a secret: one open pull request for each, which gathers the keys that are changed meanwhile."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

from scenedock.changes.secrets.places import SecretPlace, planned_files
from scenedock.changes.secrets.text import keys_in, text_of
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.code_hosts.remote_repository import RemoteRepository
from scenedock.errors import ConflictError
from scenedock.model.code_hosts.commit import Attempt
from scenedock.model.locks import Lock, locks_of
from scenedock.structs import dataclass
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.publish_change import How, locks_now, request_of
from scenedock.usecases.publishing.branch_names import branch_named, word
from scenedock.usecases.publishing.keep_proposal import keep_proposal
from scenedock.usecases.publishing.own_branches import SECRETS, only_ours
from scenedock.usecases.publishing.propose_change import Proposal, Proposed
from scenedock.usecases.secrets.find_served import SecretFound

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class SecretChange(Generic[V]):
    """The keys to change of a secret: `edit` makes its file with keys, `read` finds those in a state of the file.

    `said` and `notes` go into the text. `lock_reason` is why a lock is passed; empty if none may be.
    """

    values: Mapping[str, V]
    read: Callable[[SecretPlace, bytes], Mapping[str, V]]
    edit: Callable[[SecretPlace, Mapping[str, V]], bytes]
    said: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lock_reason: str = ""


@dataclass(frozen=True, slots=True)
class SecretPublished:
    """The proposal, its title, all keys in it, and what somebody should know."""

    proposed: Proposed
    title: str
    keys: tuple[str, ...]
    notes: tuple[str, ...]


def publish_secret(
    hosts: CodeHosts, found: SecretFound, change: SecretChange[V], how: How, attempt: Attempt
) -> SecretPublished:
    """Propose the keys of a secret, together with those of its open pull request.

    Raises
    ------
    ConflictError     its environment is locked, or somebody else is changing the same
    InputError        where the repository lives isn't known, or the file can't be edited
    NotAllowedError   its host or owner isn't in the list of code hosts, or the credentials don't suffice
    NotFoundError     there is no such repository
    TemporaryError    a file has changed since it was read, or the host can't be reached
    """
    place, home = found.place, found.home
    address = home.address(hosts)
    hosts.host_of(address).check_reviewers(how.reviewers, how.team_reviewers)
    branch = branch_of_secret(place, home)
    with hosts.open(address) as repository:
        notes = (*change.notes, *place.notes, *_passed(locks_now(repository, home), place, change.lock_reason))
        values = {**_in_open_proposal(repository, branch, found, change), **change.values}
        text = text_of(place, sorted(values), change.said, notes)
        changes = request_of(planned_files(place, change.edit(place, values)), home)
        proposal = Proposal(
            changes, branch, home.branch or None, text.title, text.body, text.message, how.labels, how.reviewers,
            how.team_reviewers, changes_later=True,
        )  # fmt: skip
        proposed = keep_proposal(repository, proposal, attempt, supersede=True)
    return SecretPublished(proposed, text.title, tuple(sorted(values)), notes)


def branch_of_secret(place: SecretPlace, home: Home) -> str:
    """The branch of the changes of a secret."""
    _, service, environment = place.key
    names = "/".join(map(word, (service, environment or "_", place.name)))
    return branch_named(f"{SECRETS}/{names}", home.prefix)


def locks_at(locks: Sequence[Lock], place: SecretPlace) -> tuple[Lock, ...]:
    """The locks that the deployments have now which get a secret, also those that share its file."""
    now, keys = datetime.now(UTC), (place.key, *place.shared_with)
    return tuple(dict.fromkeys(lock for key in keys for lock in [*locks_of(locks, key[1], key[2], now)][:1]))


def _passed(locks: Sequence[Lock], place: SecretPlace, reason: str) -> tuple[str, ...]:
    """Which locks of the deployments that get the secret are passed, if there are any.

    Raises
    ------
    ConflictError   it may not be
    """
    held = locks_at(locks, place)
    if held and not reason.strip():
        said = "; ".join(map(str, held))
        raise ConflictError(f"the change is refused: {said}: wait, or pass the lock with a reason (`passLock`)")
    return tuple(f"A lock is passed ({lock}): {reason}" for lock in held)


def _in_open_proposal(
    repository: RemoteRepository, branch: str, found: SecretFound, change: SecretChange[V]
) -> dict[str, V]:
    """The keys of an open proposal that only we have worked on: it is built again, and they must not get lost."""
    place, home = found.place, found.home
    base = home.branch or repository.default_branch()
    if repository.pulls and not any(each.branch == branch for each in repository.pulls.open_ones(branch)):
        return {}
    head = repository.head(branch)
    ahead = repository.ahead(branch, base) if head else ()
    if head is None or not only_ours(ahead, branch, base):
        return {}
    path = posixpath.join(home.prefix, place.path)
    listing = repository.listing(head, [path])
    there = change.read(place, repository.read(listing[path])) if path in listing else {}
    return {key: there[key] for each in ahead for key in keys_in(each.message) if key in there}
