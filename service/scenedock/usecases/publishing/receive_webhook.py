"""Receive a webhook: verify its signature, handle it once, wake tasks and refresh the repositories it concerns."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.clones import RepositoryClone
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.tasks.effects import TaskEffects
from scenedock.errors import AuthenticationError, InputError, ScenedockError
from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.code_hosts.pull_request import awaited
from scenedock.model.code_hosts.webhook import WebhookEvent

_SIGNATURE = re.compile(r"^sha256=[0-9a-f]{64}$")
_DELIVERY = re.compile(r"^[A-Za-z0-9-]{1,100}$")

Outcome: TypeAlias = Literal["handled", "repeated", "ignored"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook with a valid signature. `signed_by` are the code hosts whose secret has signed its body."""

    id: str
    event: WebhookEvent
    body: bytes = field(repr=False)
    signed_by: Collection[str]


@dataclass(frozen=True, slots=True)
class Received:
    """The outcome: `woken` is the number of tasks that continue; an ignored event concerns nothing of ours."""

    outcome: Outcome
    woken: int = 0


def checked_signature(text: str) -> str:
    """A signature as GitHub writes it: the HMAC of the body with the webhook's secret.

    Source: GitHub, "Validating webhook deliveries".

    Raises
    ------
    AuthenticationError   it is not a signature
    """
    if not _SIGNATURE.fullmatch(text):
        raise AuthenticationError(
            "the header `X-Hub-Signature-256` must be `sha256=` and the body's HMAC in hexadecimal"
        )
    return text


def signers(hosts: CodeHosts, body: bytes, signature: str) -> frozenset[str]:
    """The code hosts whose webhook secret has signed a body; all secrets are compared, each in constant time.

    Raises
    ------
    AuthenticationError   no host's secret has signed it
    """
    secrets = {host: hosts.webhook_secret(host) for host in hosts.webhook_hosts()}
    signed = frozenset(
        host
        for host, secret in secrets.items()
        if hmac.compare_digest(f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}", signature)
    )
    if not signed:
        raise AuthenticationError("the webhook is not signed with the secret of any code host in the list")
    return signed


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
        raise InputError("the header `X-GitHub-Delivery` must be the id of a delivery")
    tells = bool(repository and (event.closed or event.pushed) and _is_ours(hosts, delivery.signed_by, repository))
    if not tells and event.name != "ping":
        return Received("ignored")
    keys = [awaited(repository.host, repository.path, event.closed)] if repository and event.closed else []
    digest = hashlib.sha256(delivery.body).hexdigest()
    woken = receive(effects.database, [f"id {delivery.id}", f"body {digest}"], keys, effects.clock())
    if woken is None:
        return Received("repeated")
    if repository and event.pushed and (pushed := _pushed(repositories, repository, event.pushed)):
        renew(pushed)
    return Received("handled", woken)


def _pushed(repositories: Mapping[str, ServedRepository], address: RepositoryAddress, branch: str) -> list[str]:
    """The names of the repositories that are this branch; without those that were never fetched."""
    return [
        name for name, each in repositories.items() if isinstance(each, RepositoryClone) and each.is_at(address, branch)
    ]


def _is_ours(hosts: CodeHosts, signed_by: Collection[str], repository: RepositoryAddress) -> bool:
    if repository.host not in signed_by:
        return False
    try:
        hosts.host_of(repository)
    except ScenedockError:
        return False
    return True
