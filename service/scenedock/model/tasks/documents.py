"""Tasks and events as JSON, as every door shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from scenedock.model.json import Json, JsonObject
from scenedock.model.tasks.task import STATUSES, Task, TaskEvent

TASK: Final[JsonObject] = {
    "type": "object",
    "required": ["id", "spec", "status", "createdAt"],
    "properties": {
        "id": {"type": "string"},
        "spec": {"type": "object"},
        "status": {"enum": list(STATUSES)},
        "reason": {"type": "string"},
        "createdAt": {"type": "string"},
        "lastHeartbeatAt": {"type": "string"},
        "createdBy": {"type": "string"},
    },
}
TASKS: Final[JsonObject] = {
    "type": "object",
    "required": ["tasks", "totalTasks"],
    "properties": {"tasks": {"type": "array", "items": TASK}, "totalTasks": {"type": "integer"}},
}
EVENTS: Final[JsonObject] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "taskId", "type", "body", "createdAt"],
        "properties": {
            "id": {"type": "integer"},
            "taskId": {"type": "string"},
            "type": {"type": "string"},
            "body": {"type": "object"},
            "createdAt": {"type": "string"},
        },
    },
}
ID: Final[JsonObject] = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}


def task_document(task: Task) -> JsonObject:
    """A task as Backstage's clients read it, and the reason of its status where there is one."""
    document: dict[str, Json] = {
        "id": task.id,
        "spec": task.spec,
        "status": task.status,
        "createdAt": timestamp(task.created_at),
    }
    document |= {"lastHeartbeatAt": timestamp(task.heartbeat_at)} if task.heartbeat_at is not None else {}
    document |= {"createdBy": task.created_by} if task.created_by else {}
    return document | ({"reason": task.reason} if task.reason else {})


def event_document(event: TaskEvent) -> JsonObject:
    """An event as Backstage's clients read it."""
    return {
        "id": event.id,
        "taskId": event.task_id,
        "type": event.type,
        "body": event.body,
        "createdAt": timestamp(event.created_at),
    }


def timestamp(milliseconds: int) -> str:
    """A time in UTC with milliseconds: `2026-01-31T12:00:00.000Z`."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
