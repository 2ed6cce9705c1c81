"""The statements that every task needs, made once: to make one again costs more than the database takes for it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, insert, select, update

from scenedock.effects.tasks.storage.tables import RESULT_FOLDER, TASK, TASK_EVENT, TASK_SEAT
from scenedock.model.tasks.task import Task
from scenedock.structs import field_names

FIELDS: Final = field_names(Task)
COLUMNS: Final = tuple(TASK.c[name] for name in FIELDS)
"""The columns of a task, in the order of its fields."""

GET: Final = select(*COLUMNS).where(TASK.c.id == bindparam("task_id"))
LOCK: Final = select(*COLUMNS, TASK.c.last_mark).where(TASK.c.id == bindparam("task_id")).with_for_update()
ADD: Final = insert(TASK)
CHANGE: Final = update(TASK).where(TASK.c.id == bindparam("task_id"))
"""Sets the columns that it is given beside `task_id`."""
ADD_EVENT: Final = insert(TASK_EVENT)
SEATS: Final = select(TASK_SEAT.c.name).where(TASK_SEAT.c.task_id == bindparam("task_id"))
KEEP_FOLDER: Final = (
    update(RESULT_FOLDER).where(RESULT_FOLDER.c.name == bindparam("folder")).values(kept_at=bindparam("now"))
)
