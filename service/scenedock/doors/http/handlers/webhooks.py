"""Webhooks: code hosts notify us of events; the response doesn't wait for their consequences."""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from flask import Response, g, request

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.bodies import json_body
from scenedock.doors.http.routes import GITLAB_WEBHOOKS, Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.model.code_hosts.webhook import WebhookEvent, read_event, read_gitlab_event
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service
from scenedock.usecases.publishing.receive_webhook import Delivery, Received, receive_webhook

_audit: Final = logging.getLogger("scenedock.audit")


def receive_github_webhook(service: Service) -> Response:
    """Receive a webhook of GitHub: wake tasks that wait for a pull request, and refresh a repository after a push."""
    event = read_event(request.headers.get("X-GitHub-Event", ""), json_body())
    return _received(service, event, request.headers.get("X-GitHub-Delivery", ""))


def receive_gitlab_webhook(service: Service) -> Response:
    """Receive a webhook of GitLab: wake tasks that wait for a merge request, and refresh a repository after a push."""
    event, headers = read_gitlab_event(json_body()), request.headers
    delivery = headers.get("webhook-id") or headers.get("Idempotency-Key")
    if not delivery:  # before 17.4; what is sent for one event has the same id, whatever it is
        digest = hashlib.sha256(request.get_data()).hexdigest()
        delivery = f"{headers.get('X-Gitlab-Event-UUID', '')}.{digest[:32]}"
    return _received(service, event, delivery)


def _received(service: Service, event: WebhookEvent, id_of_delivery: str) -> Response:
    from scenedock.doors.http.documents import WebhookOutcome

    delivery = Delivery(id_of_delivery, event, request.get_data(), g.signers)
    hosts, repositories = service.effects.code_hosts, service.effects.repositories
    received = receive_webhook(service.tasks.effects, hosts, repositories, service.feed.want, delivery)
    _tell(delivery, received)
    return json_answer(WebhookOutcome(outcome=received.outcome), 202)


def _tell(delivery: Delivery, received: Received) -> None:
    event = delivery.event
    facts = {
        "caller": g.caller.subject,
        "event": event.name,
        "action": event.action,
        "delivery": delivery.id,
        "repository": str(event.repository) if event.repository else None,
        "outcome": received.outcome,
        "woken": received.woken,
        "request_id": g.request_id,
    }
    g.audited = True
    _audit.info("%s sent %s: %s", g.caller.subject, event.name, received.outcome, extra={"facts": facts})


_TEXT: JsonObject = {"type": "string"}
_PAYLOAD: JsonObject = {
    "type": "object",
    "properties": {
        "action": _TEXT,
        "ref": _TEXT,
        "pull_request": {"type": "object", "properties": {"number": {"type": "integer"}}},
        "repository": {"type": "object", "properties": {"html_url": _TEXT, "full_name": _TEXT}},
    },
}
_HEADERS: dict[str, JsonObject] = {
    name: {"type": "string", "required": True, "description": about}
    for name, about in {
        "X-GitHub-Event": "The event: `ping`, `pull_request`, `push`, or another one, which is ignored",
        "X-GitHub-Delivery": "Id of the delivery, of letters, digits and `-`; each is handled once",
    }.items()
}

_GITLAB_PAYLOAD: JsonObject = {
    "type": "object",
    "properties": {
        "object_kind": _TEXT,
        "ref": _TEXT,
        "object_attributes": {"type": "object", "properties": {"iid": {"type": "integer"}, "state": _TEXT}},
        "project": {"type": "object", "properties": {"web_url": _TEXT, "path_with_namespace": _TEXT}},
    },
}
_GITLAB_HEADERS: dict[str, JsonObject] = {
    name: {"type": "string", "description": about}
    for name, about in {
        "X-Gitlab-Token": "The secret token, if the webhook has one",
        "Idempotency-Key": "Id of the delivery, the same for each repetition; each is handled once",
        "X-Gitlab-Event-UUID": "Id of the event, for a GitLab that sends no `Idempotency-Key`",
        "X-Gitlab-Instance": "Address of the GitLab; it must be the one whose secret the webhook has",
        "webhook-id": "Id of a signed delivery",
        "webhook-timestamp": "When it was signed, in seconds since 1970",
        "webhook-signature": "`v1,` and base64 of the HMAC-SHA256 of id, timestamp and body, joined with `.`",
    }.items()
}
_OUTCOMES = {
    202: Answer(
        "Accepted: `handled` now; `repeated`, so not handled again; `ignored`, as it concerns nothing here",
        "WebhookOutcome",
    )
}

ROUTES = (
    Route(
        "POST",
        f"{BASE_PATH}/webhooks/github",
        "signed",
        receive_github_webhook,
        _OUTCOMES,
        body=_PAYLOAD,
        headers=_HEADERS,
        tag="webhooks",
    ),
    Route(
        "POST",
        GITLAB_WEBHOOKS,
        "signed",
        receive_gitlab_webhook,
        _OUTCOMES,
        body=_GITLAB_PAYLOAD,
        headers=_GITLAB_HEADERS,
        tag="webhooks",
    ),
)
