"""Retention: a nightly task deletes tasks that ended long ago."""

from __future__ import annotations

from typing import Annotated, Any

from scenedock.effects.tasks.deliveries import forget_deliveries
from scenedock.effects.tasks.effects import TaskEffects
from scenedock.effects.tasks.storage.folder_table import forget_folders
from scenedock.model.action import Action, Context, action
from scenedock.model.json import JsonObject
from scenedock.model.json_documents import Model
from scenedock.model.tasks.task import end_of_retention
from scenedock.usecases.tasks.schedules import Schedule


class Input(Model):
    """How long tasks are kept."""

    days: Annotated[int, "Days for which tasks are kept after their end"]


class Output(Model):
    """What was deleted."""

    tasks: Annotated[int, "Number of deleted tasks, with their logs"]
    folders: Annotated[int, "Number of deleted result folders, to which no task refers any longer"]
    deliveries: Annotated[int, "Number of deleted records of webhook deliveries"]


def forget_old_tasks_action(effects: TaskEffects) -> Action[Any]:
    """The action that deletes; it is in no list, because only the schedule runs it."""

    @action("forget-old-tasks", destructive=True, idempotent=True)
    def forget_old_tasks(context: Context[Any], request: Input) -> Output:
        """Delete tasks that ended long ago, their logs and result folders, and records of old webhook deliveries."""
        before = end_of_retention(effects.clock(), request.days)
        count = 0
        while forgotten := effects.store.forget(before):
            count += len(forgotten)
        effects.engine.forget(before)
        folders = forget_folders(effects.database, before)
        deliveries = forget_deliveries(effects.database, before)
        context.log(f"deleted {count:,} tasks that ended more than {request.days} days ago")
        return Output(tasks=count, folders=folders, deliveries=deliveries)

    return forget_old_tasks


def retention_schedule(days: int) -> Schedule:
    """Every night at a quarter past three."""
    step: JsonObject = {"id": "forget", "action": "scenedock:forget-old-tasks", "input": {"days": days}}
    return Schedule("retention", "15 3 * * *", {"steps": [step]})
