"""Those who may approve are told by Backstage's notifications where they are installed, else by a webhook.

What Backstage expects is the router of its plugin `notifications-backend`: `recipients` and `payload.title` are needed,
a link must be http(s).
"""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.effects.approvals.telling import Telling
from scenedock.effects.approvals.webhook import Webhook
from scenedock.effects.backstage.client import Reply
from scenedock.errors import TemporaryError
from scenedock.model.approvals import ApprovalRecord, ApprovalRequest, ApprovalSubject, Approvers, StepKey
from scenedock.model.json import JsonObject
from scenedock.structs import replace

REQUEST = ApprovalRequest(
    "promote-deployment",
    ApprovalSubject("Promote billing 1.4.0 to production", "a table", "1.4.0"),
    Approvers(frozenset({"user:default/max"}), frozenset({"group:default/platform"})),
    "user:default/jane",
)
RECORD = ApprovalRecord("0b6d3a56", StepKey("task-1", "it"), REQUEST, 1_767_225_600_000)


class Backstage:
    """A backend that answers with a status, and keeps what it was asked."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.asked: list[tuple[str, str, str, Any]] = []

    def ask(self, method: str, path: str, *, plugin: str, body: JsonObject) -> Reply:
        self.asked.append((method, path, plugin, body))
        return Reply(path, self.status, b"[]")


class Receiver(Webhook):
    """A webhook whose messages are kept."""

    def send(self, delivery_id: str, body: JsonObject) -> None:
        raise TemporaryError(f"{delivery_id} {body['type']}", retry_after=1)


def telling(backstage: Backstage, webhook: Webhook | None = None) -> Telling:
    return Telling(backstage, webhook, "https://scenedock.acme.example")  # type: ignore[arg-type] # it answers like one


def test_users_and_groups_are_notified_but_not_who_asked_and_the_reminder_takes_the_place_of_the_first() -> None:
    backstage = Backstage(200)

    assert telling(backstage).tell(RECORD) == "Backstage's notifications"
    telling(backstage).tell(replace(RECORD, told=1))

    (_, _, _, first), (method, path, plugin, second) = backstage.asked
    assert (method, path, plugin) == ("POST", "notifications/notifications", "notifications")
    assert first["recipients"] == {
        "type": "entity",
        "entityRef": ["group:default/platform", "user:default/max"],
        "excludeEntityRef": "user:default/jane",
    }
    assert first["payload"]["title"] == "Approval needed: Promote billing 1.4.0 to production"
    assert first["payload"]["link"] == "https://scenedock.acme.example/approvals/0b6d3a56"
    assert "It ends 2026-01-08T00:00:00Z. Id: 0b6d3a56" in first["payload"]["description"]
    assert second["payload"]["title"].startswith("Reminder: approval needed")
    assert first["payload"]["scope"] == second["payload"]["scope"]


def test_without_the_plugin_it_is_the_webhook_and_what_refuses_is_no_missing_plugin() -> None:
    receiver = Receiver("https://hooks.acme.example", "secret")
    with pytest.raises(TemporaryError, match=r"^0b6d3a56\.1 approval\.requested$"):
        telling(Backstage(404), receiver).tell(RECORD)
    nobody = replace(RECORD, request=replace(REQUEST, approvers=Approvers()))
    with pytest.raises(TemporaryError, match="approval"):
        telling(Backstage(200), receiver).tell(nobody)
    assert telling(Backstage(404)).tell(RECORD) == ""
    with pytest.raises(TemporaryError, match="Backstage's notifications answered 403"):
        telling(Backstage(403), receiver).tell(RECORD)
