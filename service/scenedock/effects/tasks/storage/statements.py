"""The statements that every task needs, made once: to make one again costs more than the database takes for it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, insert, select, update

from scenedock.effects.tasks.storage.plain import PlainStatement
from scenedock.effects.tasks.storage.tables import RESULT_FOLDER, TASK, TASK_EVENT, TASK_SEAT
from scenedock.model.tasks.task import Task
from scenedock.structs import field_names

FIELDS: Final = field_names(Task)
COLUMNS: Final = tuple(TASK.c[name] for name in FIELDS)
"""The columns of a task, in the order of its fields."""
_NEVER_CHANGED: Final = frozenset({"id", "spec", "created_at", "created_by"})
CHANGED: Final = tuple(name for name in FIELDS if name not in _NEVER_CHANGED)
EXPECTED: Final = ("status", "run", "lease_owner", "cancel_requested", "wait_for", "last_event")
"""What of a task others may change while a worker runs it, and what says that they have."""

_ID: Final = TASK.c.id == bindparam("task_id")

LOCK: Final = select(*COLUMNS, TASK.c.last_mark).where(_ID).with_for_update()
ADD: Final = insert(TASK)
CHANGE: Final = update(TASK).where(_ID)
"""Sets the columns that it is given beside `task_id`."""
ADD_EVENT: Final = insert(TASK_EVENT)
SEATS: Final = select(TASK_SEAT.c.name).where(TASK_SEAT.c.task_id == bindparam("task_id"))
KEEP_FOLDER: Final = (
    update(RESULT_FOLDER).where(RESULT_FOLDER.c.name == bindparam("folder")).values(kept_at=bindparam("now"))
)

PLAIN_GET: Final = PlainStatement(select(*COLUMNS).where(_ID), ["task_id"])
PLAIN_CHANGE: Final = PlainStatement(
    update(TASK).where(
        _ID,
        *(TASK.c[name].is_not_distinct_from(bindparam(f"was_{name}", type_=TASK.c[name].type)) for name in EXPECTED),
    ),
    [*CHANGED, "ended_at", "last_mark"],
)
"""Changes a task if it `was_…` as expected."""
PLAIN_ADD_EVENT: Final = PlainStatement(insert(TASK_EVENT), [column.name for column in TASK_EVENT.columns])
PLAIN_SEATS: Final = PlainStatement(SEATS, ["task_id"])
