"""Lock and unlock an environment in the settings of its repository, on the code host."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.changes.lock_edits import with_lock, without_lock
from scenedock.changes.text import markdown, plain
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.code_hosts.remote_repository import no_branch
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import InputError, NotFoundError
from scenedock.gitops.changes import ChangeRequest, NewFile
from scenedock.model.code_hosts.commit import Attempt
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.model.locks import Lock
from scenedock.model.similar import similar
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.publish_change import How, Published, branch_named, word
from scenedock.usecases.publishing.commit_change import commit_change
from scenedock.usecases.publishing.keep_proposal import keep_proposal
from scenedock.usecases.publishing.own_branches import LOCK
from scenedock.usecases.publishing.propose_change import Proposal, Proposed
from scenedock.usecases.releases.list_deployments import service_name, survey


@dataclass(frozen=True, slots=True)
class Place:
    """The environment to lock or unlock, for a service or for all, in the settings of a repository by its name.

    `repository` is needed where there are several.
    """

    environment: str
    service: str = ""
    repository: str | None = None

    def __str__(self) -> str:
        return f"{self.service} in {self.environment}" if self.service else self.environment


def lock_environment(
    hosts: CodeHosts,
    repositories: Mapping[str, ServedRepository],
    place: Place,
    lock: Lock,
    now: datetime,
    how: How,
    attempt: Attempt,
) -> Published:
    """Lock an environment until a time, for a reason.

    Raises
    ------
    ConflictError     it is locked already
    InputError        the end or the repository is invalid, or its settings can't be edited
    NotFoundError     there is no such repository
    NotAllowedError   its host or owner isn't in the list of code hosts, or our credentials don't suffice
    TemporaryError    the host can't be reached
    """
    if not lock.is_active(now):
        raise InputError(f"`until` must be in the future, not {lock.until}")
    text = f"Lock {place} until {lock.until}", lock.reason
    return _edit(hosts, repositories, place, lambda data: with_lock(data, lock, now), text, how, attempt)


def known_place(repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, place: Place) -> Place:
    """A place with the names as the catalog has them, so that a lock can't be about nothing.

    Raises
    ------
    NotFoundError   there is no such repository, environment or service
    InputError      a repository must be named, or none can be read
    """
    name = _only(repositories, place.repository)
    with export_served(repositories, kept) as (result, opened):
        releases = [each for each in survey(result, opened).releases if each.repository == name]
        names = [each.settings.names for each in result.repositories if each.facts.name == name]
    service = service_name(place.service)
    if service and service not in (services := {each.service for each in releases}):
        raise NotFoundError(f"{name} deploys no service {service!r}{similar(service, sorted(services))}")
    known = {each.environment for each in releases if each.environment and service in {"", each.service}}
    if not service:
        known |= {environment for each in names if each.closed for environment in each.known}
    if place.environment not in known:
        what = f"{service!r} isn't deployed in" if service else f"{name} has no environment"
        listed = ", ".join(sorted(known)) or "none"
        close = similar(place.environment, sorted(known))
        raise NotFoundError(f"{what} {place.environment!r}{close}; its environments are: {listed}")
    return replace(place, service=service)


def unlock_environment(
    hosts: CodeHosts,
    repositories: Mapping[str, ServedRepository],
    place: Place,
    reason: str,
    how: How,
    attempt: Attempt,
) -> Published:
    """Remove the lock of an environment before its end, for a reason.

    Raises
    ------
    NotFoundError     there is no such lock or repository
    InputError        the repository is invalid, or its settings can't be edited
    NotAllowedError   its host or owner isn't in the list of code hosts, or our credentials don't suffice
    TemporaryError    the host can't be reached
    """
    text = f"Unlock {place}", reason
    return _edit(
        hosts,
        repositories,
        place,
        lambda data: without_lock(data, place.environment, place.service),
        text,
        how,
        attempt,
    )


def _edit(
    hosts: CodeHosts,
    repositories: Mapping[str, ServedRepository],
    place: Place,
    edit: Callable[[bytes], bytes],
    text: tuple[str, str],
    how: How,
    attempt: Attempt,
) -> Published:
    """Edit the settings as they are on the code host."""
    name = _only(repositories, place.repository)
    with repositories[name].opened() as here:
        home = Home.read(name, here)
    address = home.address(hosts)
    hosts.host_of(address).check_reviewers(how.reviewers, how.team_reviewers)
    path = posixpath.join(home.prefix, FILE_NAME)
    title, reason = text
    with hosts.open(address) as repository:
        commits = how.commits and hosts.host_of(address).takes_commits(address)
        base = home.branch or repository.default_branch()
        if commits and attempt.tried_before and (earlier := repository.find_marked(base, attempt.mark)):
            return Published(name, Proposed(changed=True, branch=base, commit=earlier.commit), committed=True)
        head = repository.head(base)
        if head is None:
            raise no_branch(repository, base)
        listing = repository.listing(head, [path])
        before = repository.read(listing[path]) if path in listing else b""
        changes = ChangeRequest(files=(NewFile(path, edit(before), expected=before),))
        message = f"{title}\n\n{plain(reason)}"
        if commits:
            made = commit_change(repository, hosts.host_of(address), changes, base, message, attempt)
            return Published(name, Proposed(made.changed, made.branch, made.commit), committed=made.changed)
        branch = _branch_of(place, home.prefix)
        attempt = replace(attempt, content=hashlib.sha256(message.encode()).hexdigest()[:16])
        proposal = Proposal(
            changes, branch, base, title, markdown(reason), message, how.labels, how.reviewers, how.team_reviewers,
            changes_later=True,
        )  # fmt: skip
        return Published(name, keep_proposal(repository, proposal, attempt, supersede=True))


def _branch_of(place: Place, folder: str) -> str:
    """The branch of a change of locks; git can't have one whose name is a folder of another's."""
    environment = word(place.environment)
    if place.service:
        return branch_named(f"{LOCK}/service/{environment}/{word(place.service)}", folder)
    return branch_named(f"{LOCK}/environment/{environment}", folder)


def _only(repositories: Mapping[str, ServedRepository], name: str | None) -> str:
    if name is None and len(repositories) == 1:
        return next(iter(repositories))
    if name is None:
        raise InputError(f"name the `repository`: {', '.join(repositories) or 'the service has none'}")
    if name not in repositories:
        raise NotFoundError(f"there is no repository {name!r}{similar(name, sorted(repositories))}")
    return name
