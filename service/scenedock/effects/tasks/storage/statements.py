"""The statements that every task needs, made once: to make one again costs more than the database takes for it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Text,
    bindparam,
    cast,
    column,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

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

PLAIN_ADD: Final = PlainStatement(ADD, [column.name for column in TASK.columns])
PLAIN_GET: Final = PlainStatement(select(*COLUMNS).where(_ID))


def _expected(name: str) -> ColumnElement[bool]:
    return TASK.c[name].is_not_distinct_from(bindparam(f"was_{name}", type_=TASK.c[name].type))


_SET: Final = (*CHANGED, "ended_at", "last_mark")
_CHANGE_EXPECTED: Final = (
    update(TASK)
    .where(_ID, *map(_expected, EXPECTED))
    .where(or_(bindparam("keeps_seats", type_=Boolean), ~exists().where(TASK_SEAT.c.task_id == bindparam("task_id"))))
    .values({TASK.c[name]: bindparam(f"new_{name}", type_=TASK.c[name].type) for name in _SET})
)
PLAIN_CHANGE: Final = PlainStatement(_CHANGE_EXPECTED)
"""Sets each column to `new_…` if the task `was_…` as expected, and it keeps its seats, or has none."""
PLAIN_ADD_EVENT: Final = PlainStatement(ADD_EVENT, [column.name for column in TASK_EVENT.columns])
_changed: Final = _CHANGE_EXPECTED.returning(literal_column("1")).cte("changed")
_events: Final = func.json_to_recordset(cast(bindparam("events", type_=Text), JSON)).table_valued(
    *(column(each.name, each.type) for each in TASK_EVENT.columns)
)
_told: Final = (
    insert(TASK_EVENT)
    .from_select(
        [each.name for each in TASK_EVENT.columns],
        select(_events.render_derived("event", with_types=True)).where(exists().select_from(_changed)),
    )
    .cte("told")
)
PLAIN_CHANGE_AND_TELL: Final = PlainStatement(select(func.count()).select_from(_changed).add_cte(_told))
"""Does the same, and adds `events`, rows as JSON, in one statement of PostgreSQL; the number of tasks it changed."""
