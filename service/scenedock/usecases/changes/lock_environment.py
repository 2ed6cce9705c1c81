"""Lock and unlock an environment in the settings of its repository, on the code host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from scenedock.changes.lock_edits import with_lock, without_lock
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import InputError, NotFoundError
from scenedock.model.code_hosts.commit import Attempt
from scenedock.model.entity import service_name
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.model.locks import Lock
from scenedock.model.similar import similar
from scenedock.releases.release import Release
from scenedock.structs import dataclass, replace
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.edit_settings import SettingsEdit, edit_settings, only_repository
from scenedock.usecases.changes.publish_change import How, Published
from scenedock.usecases.publishing.branch_names import word
from scenedock.usecases.publishing.own_branches import LOCK
from scenedock.usecases.releases.survey import survey


@dataclass(frozen=True, slots=True)
class Place:
    """The environment to lock or unlock, for a service or for all, in the settings of a repository by its name.

    `repository` is needed where several have it.
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
    title = f"Lock {place} until {lock.until}"
    edit = SettingsEdit(lambda data: with_lock(data, lock, now), title, lock.reason, _branch_of(place))
    return edit_settings(hosts, repositories, only_repository(repositories, place.repository), edit, how, attempt)


def known_place(repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, place: Place) -> Place:
    """A place with the names as the catalog has them, so that a lock can't be about nothing.

    Raises
    ------
    NotFoundError   there is no such repository, environment or service
    InputError      a repository must be named, or none can be read
    """
    service = service_name(place.service)
    with export_served(repositories, kept) as (result, opened):
        every = survey(result, opened).releases
        name = only_repository(_that_have(repositories, every, place, service), place.repository)
        releases = [each for each in every if each.repository == name]
        names = [each.settings.names for each in result.repositories if each.facts.name == name]
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
    return replace(place, service=service, repository=name)


def _that_have(
    repositories: Mapping[str, ServedRepository], releases: Sequence[Release], place: Place, service: str
) -> Mapping[str, ServedRepository]:
    """The repositories that may be meant, if none is named: those that deploy the service there, or at all."""
    there = [each for each in releases if place.repository is None and service and each.service == service]
    names = {each.repository for each in there if each.environment == place.environment}
    names = names or {each.repository for each in there} or set(repositories)
    return {name: each for name, each in repositories.items() if name in names}


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
    edit = SettingsEdit(
        lambda data: without_lock(data, place.environment, place.service), f"Unlock {place}", reason, _branch_of(place)
    )
    return edit_settings(hosts, repositories, only_repository(repositories, place.repository), edit, how, attempt)


def _branch_of(place: Place) -> str:
    """The branch of a change of locks; git can't have one whose name is a folder of another's."""
    environment = word(place.environment)
    if place.service:
        return f"{LOCK}/service/{environment}/{word(place.service)}"
    return f"{LOCK}/environment/{environment}"
