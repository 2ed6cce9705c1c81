"""Receive a webhook whose sender is known: handle it once, wake tasks and refresh the repositories it concerns."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from typing import Literal, TypeAlias

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.clones import RepositoryClone
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.tasks.effects import TaskEffects
from scenedock.errors import InputError, ScenedockError
from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.code_hosts.pull_request import awaited
from scenedock.model.code_hosts.webhook import WebhookEvent
from scenedock.structs import dataclass, field

_DELIVERY = re.compile(r"^[A-Za-z0-9.-]{1,100}$")

Outcome: TypeAlias = Literal["handled", "repeated", "ignored"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook whose sender was verified. `signed_by` are the code hosts whose secret it has."""

    id: str
    event: WebhookEvent
    body: bytes = field(repr=False)
    signed_by: Collection[str]


@dataclass(frozen=True, slots=True)
class Received:
    """The outcome: `woken` is the number of tasks that continue; an ignored event concerns nothing of ours."""

    outcome: Outcome
    woken: int = 0


def receive_webhook(
    effects: TaskEffects,
    hosts: CodeHosts,
    repositories: Mapping[str, ServedRepository],
    renew: Callable[[Collection[str]], object],
    delivery: Delivery,
) -> Received:
    """Handle a delivery at most once: wake the tasks that wait for its event, and refresh the repository of a push.

    A repeated delivery is recognized by its id and, because the id isn't signed, by its body. Its event counts only for
    a repository of the host that signed it, and of an owner in our list. `renew` is called with the names of those of
    our `repositories` that are the pushed branch; it must not wait for them.

    Raises
    ------
    InputError       the id of the delivery is invalid
    TemporaryError   the database can't be reached
    """
    from scenedock.effects.tasks.deliveries import receive

    event, repository = delivery.event, delivery.event.repository
    if not _DELIVERY.match(delivery.id):
        raise InputError(
            "the header with the delivery's id (`X-GitHub-Delivery`, on GitLab `Idempotency-Key`) must have 1 to 100 "
            "letters, digits, `-` and `.`"
        )
    tells = bool(repository and (event.closed or event.pushed) and _is_ours(hosts, delivery.signed_by, repository))
    if not tells and event.name != "ping":
        return Received("ignored")
    keys = [awaited(repository.host, repository.path, event.closed)] if repository and event.closed else []
    digest = hashlib.sha256(delivery.body).hexdigest()
    woken = receive(effects.database, [f"id {delivery.id}", f"body {digest}"], keys, effects.clock())
    if woken is None:
        return Received("repeated")
    if repository and event.pushed and (pushed := _pushed(hosts, repositories, repository, event.pushed)):
        renew(pushed)
    return Received("handled", woken)


def _pushed(
    hosts: CodeHosts, repositories: Mapping[str, ServedRepository], address: RepositoryAddress, branch: str
) -> list[str]:
    """The names of the repositories that are this branch; without those that were never fetched."""
    return [
        name
        for name, each in repositories.items()
        if isinstance(each, RepositoryClone)
        and str(hosts.named(each.remote.repository)).lower() == str(address).lower()
        and each.is_on(branch)
    ]


def _is_ours(hosts: CodeHosts, signed_by: Collection[str], repository: RepositoryAddress) -> bool:
    if repository.host not in signed_by:
        return False
    try:
        hosts.host_of(repository)
    except ScenedockError:
        return False
    return True
