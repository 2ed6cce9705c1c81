"""Tasks and events as JSON, as every door shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from scenedock.model.json_documents import LEFT_OUT_IF_EMPTY, JsonDocument, Timestamp, timestamp
from scenedock.model.tasks.task import EventType, Status, Task, TaskEvent


class TaskDocument(JsonDocument):
    """A task as Backstage's clients read it, and the reason of its status where there is one."""

    id: str
    spec: Annotated[Mapping[str, Any], "What was submitted, in the shape of Backstage's TaskSpecV1beta3"]
    status: Status
    created_at: Timestamp
    last_heartbeat_at: Annotated[Timestamp, "When a worker was last seen at work on it", LEFT_OUT_IF_EMPTY] = ""
    created_by: Annotated[str, "The user on whose behalf it was submitted, else who called", LEFT_OUT_IF_EMPTY] = ""
    reason: Annotated[str, "Why it does not run at present", LEFT_OUT_IF_EMPTY] = ""

    @classmethod
    def of(cls, task: Task) -> TaskDocument:
        """The document of a task."""
        return cls(
            id=task.id,
            spec=task.spec,
            status=task.status,
            created_at=timestamp(task.created_at),
            last_heartbeat_at=timestamp(task.heartbeat_at) if task.heartbeat_at is not None else "",
            created_by=task.created_by or "",
            reason=task.reason,
        )


class EventDocument(JsonDocument):
    """An event of a task as Backstage's clients read it."""

    id: Annotated[int, "Counts from 1 within the task"]
    task_id: str
    type: EventType
    body: Annotated[Mapping[str, Any], "`message`, and what else there is to say of the type"]
    created_at: Timestamp

    @classmethod
    def of(cls, event: TaskEvent) -> EventDocument:
        """The document of an event."""
        return cls(
            id=event.id,
            task_id=event.task_id,
            type=event.type,
            body=event.body,
            created_at=timestamp(event.created_at),
        )
