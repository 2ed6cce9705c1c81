"""Webhooks: what happened is told to addresses, signed as the host signs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import urllib3

from tests.fakes.shared.messages import Event

SECONDS = 10
"""GitHub and GitLab wait that long for an answer."""


@dataclass(eq=False)
class Delivery:
    """One telling of one event, which may be sent several times. `statuses` are the answers, 0 where there was none."""

    url: str
    headers: dict[str, str]
    body: bytes
    statuses: list[int] = field(default_factory=list)

    def send(self) -> int:
        """Send it, once more perhaps; the status of the answer."""
        try:
            sent = urllib3.request(
                "POST", self.url, body=self.body, headers=self.headers, timeout=SECONDS, retries=False
            )
            status = sent.status
        except urllib3.exceptions.HTTPError:
            status = 0
        self.statuses.append(status)
        return status


@dataclass
class Webhooks:
    """Who is told, and what was; `headers` are those that a host sends with an event, for a secret and a body."""

    headers: Callable[[Event, str, bytes], dict[str, str]]
    receivers: list[tuple[str, str]] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def add(self, url: str, secret: str) -> None:
        """Tell an address of everything, signed with a secret."""
        self.receivers.append((url, secret))

    def prepare(self, events: Iterable[Event]) -> list[Delivery]:
        """What shall be sent of what happened, to everybody, in order."""
        made = [self.delivery(event, url, secret) for event in events for url, secret in self.receivers]
        self.deliveries += made
        return made

    def delivery(self, event: Event, url: str, secret: str) -> Delivery:
        """What the host sends of an event."""
        body = json.dumps(event.payload).encode()
        return Delivery(url, {"Content-Type": "application/json", **self.headers(event, secret, body)}, body)


def send(deliveries: Iterable[Delivery]) -> None:
    """Send one after the other."""
    for each in deliveries:
        each.send()
