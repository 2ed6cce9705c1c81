"""Telling those who may approve: by Backstage's notifications where they are installed, else by a webhook."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from scenedock.errors import TemporaryError
from scenedock.model.approvals import ApprovalRecord
from scenedock.model.json import Json, JsonObject
from scenedock.structs import dataclass

if TYPE_CHECKING:  # its import loads the library for HTTP
    from scenedock.effects.approvals.webhook import Webhook
    from scenedock.effects.backstage.client import BackstageClient

_PLUGIN: Final = "notifications"
_LONGEST_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class Telling:
    """`backstage` is asked with our own tokens; `pages` is the address of our pages for people, empty without one."""

    backstage: BackstageClient | None = None
    webhook: Webhook | None = None
    pages: str = ""

    def tell(self, record: ApprovalRecord) -> str:
        """Tell those who may approve of a request, or remind them; returns by which way, empty if there is none.

        Raises
        ------
        TemporaryError   there is one, and it doesn't work now
        """
        if self.backstage and self._notified(self.backstage, record):
            return "Backstage's notifications"
        if self.webhook:
            self.webhook.send(f"{record.id}.{record.told + 1}", self._message(record))
            return "the webhook"
        return ""

    def _link(self, record: ApprovalRecord) -> str:
        return f"{self.pages}/approvals/{record.id}" if self.pages else ""

    def _notified(self, backstage: BackstageClient, record: ApprovalRecord) -> bool:
        """Whether it went to users and groups of Backstage, if the plugin for that is installed there."""
        request = record.request
        recipients = sorted((*request.approvers.users, *request.approvers.groups))
        if not recipients:
            return False
        to: dict[str, Json] = {"type": "entity", "entityRef": list(recipients)}
        if request.asked_by.startswith("user:") and not request.approvers.asker:
            to["excludeEntityRef"] = request.asked_by
        payload: dict[str, Json] = {
            "title": f"{'Reminder: approval' if record.told else 'Approval'} needed: {request.what}"[:_LONGEST_TITLE],
            "description": f"Asked by {request.asked_by}. It ends {_time(record.until)}. Id: {record.id}",
            "severity": "high" if record.told else "normal",
            "topic": "approvals",
            "scope": record.event,  # the reminder takes the place of the first
        }
        if link := self._link(record):
            payload["link"] = link
        body: JsonObject = {"recipients": to, "payload": payload}
        reply = backstage.ask("POST", f"{_PLUGIN}/notifications", plugin=_PLUGIN, body=body)
        if reply.status == HTTPStatus.NOT_FOUND:
            return False
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise TemporaryError(
                f"Backstage's notifications answered {reply.status} {reply.message}".strip(), retry_after=60
            )
        return True

    def _message(self, record: ApprovalRecord) -> JsonObject:
        request = record.request
        return {
            "type": "approval.reminder" if record.told else "approval.requested",
            "timestamp": _time(record.asked_at),
            "data": {
                "id": record.id,
                "action": request.action,
                "what": request.what,
                "askedBy": request.asked_by,
                "users": sorted(request.approvers.users),
                "groups": sorted(request.approvers.groups),
                "until": _time(record.until),
                "taskId": record.key.task_id,
                "link": self._link(record) or None,
            },
        }


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
