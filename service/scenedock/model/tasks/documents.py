"""The JSON documents of tasks and events, as every door sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from scenedock.model.json_documents import LEFT_OUT_IF_EMPTY, JsonDocument, Timestamp, timestamp
from scenedock.model.tasks.task import EventType, Status, Task, TaskEvent


class TaskDocument(JsonDocument):
    """A task as Backstage's clients read it, with the reason for its status if there is one."""

    id: str
    spec: Annotated[Mapping[str, Any], "What was submitted, in the shape of Backstage's TaskSpecV1beta3"]
    status: Status
    created_at: Timestamp
    last_heartbeat_at: Annotated[
        Timestamp, "When a worker last reported that it works on the task", LEFT_OUT_IF_EMPTY
    ] = ""
    created_by: Annotated[
        str, "The user on whose behalf the task was submitted, else the caller", LEFT_OUT_IF_EMPTY
    ] = ""
    reason: Annotated[str, "Why the task does not run at present", LEFT_OUT_IF_EMPTY] = ""

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
    body: Annotated[Mapping[str, Any], "`message`, and further fields that depend on the type"]
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
