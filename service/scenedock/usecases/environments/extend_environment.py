"""Move the end of an environment, or take it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scenedock.changes.end_edits import with_end
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.model.code_hosts.commit import Attempt
from scenedock.structs import dataclass
from scenedock.usecases.changes.edit_settings import SettingsEdit, edit_settings, only_repository
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.lock_environment import Place
from scenedock.usecases.changes.publish_change import How, Published, settings_now
from scenedock.usecases.publishing.branch_names import word

_END: Final = "scenedock/lock/end"
"""What the branches of all changes of ends begin with; they are settings, as locks are."""


@dataclass(frozen=True, slots=True)
class Extension:
    """The environment of a service as the catalog has it, and the day on which it ends; empty for no end."""

    place: Place
    until: str
    reason: str = ""


def present_end(hosts: CodeHosts, repositories: Mapping[str, ServedRepository], place: Place) -> str:
    """The day on which an environment ends as its repository has it on the code host now; empty without an end.

    Raises
    ------
    InputError        the repository is invalid, or its settings can't be read
    NotFoundError     there is no such repository
    NotAllowedError   its host or owner isn't in the list of code hosts, or our credentials don't suffice
    TemporaryError    the host can't be reached
    """
    with repositories[only_repository(repositories, place.repository)].opened() as here:
        home = Home.read(place.repository or "", here)
    with hosts.open(home.address(hosts)) as repository:
        return settings_now(repository, home).expires.get(place.service, {}).get(place.environment, "")


def extend_environment(
    hosts: CodeHosts,
    repositories: Mapping[str, ServedRepository],
    extension: Extension,
    how: How,
    attempt: Attempt,
) -> Published:
    """Write the end of an environment into the settings of its repository.

    Raises
    ------
    InputError        the repository is invalid, its settings can't be edited, or there is no end to take away
    NotFoundError     there is no such repository
    NotAllowedError   its host or owner isn't in the list of code hosts, or our credentials don't suffice
    TemporaryError    the host can't be reached
    """
    place, until = extension.place, extension.until
    title = f"Let {place} end on {until}" if until else f"Let {place} have no end"
    edit = SettingsEdit(
        lambda data: with_end(data, place.service, place.environment, until),
        title,
        extension.reason or title,
        f"{_END}/{word(place.environment)}/{word(place.service)}",
    )
    return edit_settings(hosts, repositories, only_repository(repositories, place.repository), edit, how, attempt)
