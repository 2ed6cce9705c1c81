"""Webhooks: what happened is told to addresses, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

import urllib3

from tests.fakes.github.call import Event

SECONDS = 10
"""GitHub waits that long for an answer."""


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
    """Who is told, and what was."""

    receivers: list[tuple[str, str]] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def add(self, url: str, secret: str) -> None:
        """Tell an address of everything, signed with a secret."""
        self.receivers.append((url, secret))

    def prepare(self, events: Iterable[Event]) -> list[Delivery]:
        """What shall be sent of what happened, to everybody, in order."""
        made = [_delivery(event, url, secret) for event in events for url, secret in self.receivers]
        self.deliveries += made
        return made


def send(deliveries: Iterable[Delivery]) -> None:
    """Send one after the other."""
    for each in deliveries:
        each.send()


def _delivery(event: Event, url: str, secret: str) -> Delivery:
    """What GitHub sends of an event."""
    body = json.dumps(event.payload).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event.name,
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-GitHub-Hook-ID": "1",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    return Delivery(url, headers, body)
