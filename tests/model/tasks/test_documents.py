"""Tasks as JSON: what Backstage's clients read, and no field that says nothing."""

from __future__ import annotations

from scenedock.model.schemas import plain
from scenedock.model.tasks.documents import TaskDocument
from scenedock.model.tasks.task import Task
from scenedock.structs import replace

TASK = Task("t", {"steps": [], "output": {"none": None}}, "open", 1_769_860_800_123)


def test_a_field_without_a_value_is_left_out_and_what_was_submitted_stays_whole() -> None:
    assert TaskDocument.of(TASK).model_dump() == {
        "id": "t",
        "spec": {"steps": [], "output": {"none": None}},
        "status": "open",
        "createdAt": "2026-01-31T12:00:00.123Z",
    }


def test_a_field_with_a_value_is_told() -> None:
    running = replace(TASK, heartbeat_at=0, created_by="user:default/ada", reason="worker lost")

    told = TaskDocument.of(running).model_dump()

    assert (told["lastHeartbeatAt"], told["createdBy"], told["reason"]) == (
        "1970-01-01T00:00:00.000Z",
        "user:default/ada",
        "worker lost",
    )


def test_the_schema_requires_what_is_always_there_and_lets_later_fields_pass() -> None:
    schema = plain(TaskDocument.model_json_schema(mode="serialization"))

    assert schema["required"] == ["id", "spec", "status", "createdAt"]
    assert "additionalProperties" not in schema
    assert "default" not in str(schema["properties"])
