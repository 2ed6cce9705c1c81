"""Tasks and their events in the database: each task is changed under the lock of its row, together with its events."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, and_, case, delete, func, literal_column, null, or_, select, update
from sqlalchemy.exc import IntegrityError

from scenedock.effects.tasks.storage import statements
from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.folder_table import folders_in, refer, stop_referring
from scenedock.effects.tasks.storage.rows import (
    changed_row,
    event_of,
    event_rows,
    row_of,
    task_of,
    time_of,
    values_if_expected,
)
from scenedock.effects.tasks.storage.tables import APPROVAL, SCHEDULE, TASK, TASK_EVENT, TASK_SEAT
from scenedock.effects.tasks.wakeups import notify_workers
from scenedock.errors import NotFoundError
from scenedock.model.tasks.changes import (
    HANDOVER_MILLISECONDS,
    OTHER_KEY,
    LeaseLostError,
    NewEvent,
    TaskChange,
    handed_out,
)
from scenedock.model.tasks.task import FINAL, STATUSES, SortKey, Task, TaskEvent, TaskQuery, fingerprint
from scenedock.structs import replace

if TYPE_CHECKING:
    from sqlalchemy import Connection, Insert

    from scenedock.effects.tasks.storage.plain import Plain

Submit: TypeAlias = "Callable[[Connection, str, int], object]"
"""Passes a run of a task to an engine, in the transaction that stores it: `(connection, task id, run number)`."""

_SORT_COLUMNS: Mapping[SortKey, ColumnElement[Any]] = {
    "createdAt": TASK.c.created_at,
    "createdBy": TASK.c.created_by,
    "status": TASK.c.status,
}
_LIVES = TASK.c.status.in_([status for status in STATUSES if status not in FINAL])
Told: TypeAlias = Callable[[Task, Sequence[NewEvent]], object]
"""Learns what has been written of a task, and is called after the transaction."""


class TaskStore:
    """The tables of tasks. Every change of a task goes through `change`, which holds the lock of its row.

    `told` learns of each change that has events.
    """

    def __init__(self, database: Database, told: Told = lambda _task, _events: None) -> None:
        self._database = database
        self._told = told

    def add(self, task: Task, key: str | None, submit: Submit | None = None) -> Task:
        """Store a new task, so that it survives a power loss, or return the one with the same idempotency key.

        In the same transaction, for a new task only, the result folders that its spec names are kept for it, and
        `submit` is called.
        """
        row = {**row_of(task), "idempotency_key": key, "last_mark": "", "ended_at": None}
        folders = folders_in(row["spec"])

        def work(connection: Connection) -> None:
            connection.execute(statements.ADD, row)
            refer(connection, task.id, folders, task.created_at)
            if submit:
                submit(connection, task.id, task.run)

        try:
            if submit or folders:
                self._database.write(work, lasting=True)
            else:
                self._database.plain(statements.PLAIN_ADD, row, writes=True, lasting=True)
        except IntegrityError:  # the key is in use, or this task was stored before the connection broke
            same = TASK.c.id == task.id if key is None else or_(TASK.c.idempotency_key == key, TASK.c.id == task.id)
            return task_of(self._database.read(select(*statements.COLUMNS).where(same))[0])
        return task

    def get(self, task_id: str) -> Task:
        """One task.

        Raises
        ------
        NotFoundError   there is no task with this id
        """
        rows = self._database.plain(statements.PLAIN_GET, {"task_id": task_id})
        if not rows:
            raise NotFoundError(f"there is no task {task_id}; it may be older than what is kept")
        return task_of(rows[0])

    def find(self, query: TaskQuery) -> tuple[list[Task], int]:
        """A page of tasks, and how many there are; those beyond `most_counted` of the query don't count."""
        conditions = []
        if query.created_by is not None:
            conditions.append(TASK.c.created_by.in_(query.created_by))
        if query.status:
            conditions.append(TASK.c.status.in_(query.status))
        columns = [(_SORT_COLUMNS[key], way) for key, way in query.order]
        order = [column.asc() if way == "asc" else column.desc() for column, way in columns]
        selected = select(*statements.COLUMNS).where(*conditions).order_by(*order, TASK.c.id)
        counted = select(literal_column("1")).select_from(TASK).where(*conditions).limit(query.most_counted).subquery()
        count = self._database.read(select(func.count()).select_from(counted))[0][0]
        rows = self._database.read(selected.limit(query.limit).offset(query.offset))
        return [task_of(row) for row in rows], int(str(count))

    def events(self, task_id: str, after: int = 0, limit: int = 10_000) -> list[TaskEvent]:
        """The events of a task after a number, in order; completions are always included, as in Backstage."""
        new = or_(TASK_EVENT.c.id > after, TASK_EVENT.c.type == "completion")
        query = select(TASK_EVENT).where(TASK_EVENT.c.task_id == task_id, new).order_by(TASK_EVENT.c.id).limit(limit)
        return [event_of(row) for row in self._database.read(query)]

    def change(
        self,
        task_id: str,
        decide: Callable[[Task], TaskChange],
        mark: str = "",
        submit: Submit | None = None,
        *,
        lasting: bool = False,
        expected: Task | None = None,
    ) -> Task:
        """Change a task under the lock of its row; return the changed task. `lasting` is that of `Database.write`.

        A `mark` identifies the change: if the last change has the same mark, nothing is done, because it was written
        although its response was lost. `decide` may be called again after the database was unavailable; `submit` is
        called in the same transaction. The worker that runs a task knows it as it was `expected`: if it still is so, it
        isn't read, and nothing is submitted.

        Raises
        ------
        NotFoundError   there is no such task
        """
        events: tuple[NewEvent, ...] = ()
        sent: tuple[NewEvent, ...] = ()
        if expected:
            change = decide(expected)
            if written := self._change_expected(expected, change, mark):
                return written
            sent = change.events

        def work(connection: Connection) -> Task:
            nonlocal events
            row = connection.execute(statements.LOCK, {"task_id": task_id}).first()
            if row is None:
                raise NotFoundError(f"there is no task {task_id}; it may be older than what is kept")
            task = task_of(row)
            if mark and row.last_mark == mark:
                events = events or sent
                return task
            change = decide(task)
            if change.task == task and not change.events:
                return task
            written = _write(connection, task, change, mark or row.last_mark)
            if submit:
                submit(connection, written.id, written.run)
            events = change.events
            return written

        written = self._database.write(work, lasting=lasting)
        if events:
            self._told(written, events)
        return written

    def _change_expected(self, expected: Task, change: TaskChange, mark: str) -> Task | None:
        """Change a task without reading it; None, and nothing is done, if it is not as expected, or leaves seats."""
        values = {**values_if_expected(expected, change, mark), "keeps_seats": not _rests(expected, change)}
        events = event_rows(expected, change)

        def work(connection: Plain) -> int:
            changed = connection.execute(statements.PLAIN_CHANGE, values)
            if changed and events:
                connection.execute_each(statements.PLAIN_ADD_EVENT, events)
            return changed

        if self._database.is_sqlite:
            changed = self._database.write_plain(work)
        else:
            values["events"] = json.dumps(events)
            changed = self._database.plain(statements.PLAIN_CHANGE_AND_TELL, values, writes=True)[0][0]
        if not changed:
            return None
        written = replace(change.task, last_event=values["new_last_event"])
        if change.events:
            self._told(written, change.events)
        return written

    def take_seats(self, task: Task, seats: Mapping[str, int]) -> str | None:
        """Take a seat of each name for a task, or none: then it returns the name that has no free seat.

        `seats` is the number of seats of each name. A task keeps a seat that it already has. All are returned when the
        task waits or ends.

        Raises
        ------
        LeaseLostError   the task has ended, or another run holds it: the seats would never be returned
        """

        def work(connection: Connection) -> None:
            present = select(TASK.c.run, TASK.c.status, TASK.c.lease_owner).where(TASK.c.id == task.id)
            row = connection.execute(present.with_for_update()).first()
            if not row or row.run != task.run or row.status in FINAL or row.lease_owner not in {None, task.lease_owner}:
                raise LeaseLostError(task.id)
            for seat_name, size in sorted(seats.items()):
                name = fingerprint(seat_name)
                query = select(TASK_SEAT.c.seat, TASK_SEAT.c.task_id).where(TASK_SEAT.c.name == name)
                taken = {row.seat: row.task_id for row in connection.execute(query)}
                if task.id in taken.values():
                    continue
                free = next((seat for seat in range(size) if seat not in taken), None)
                if free is None:
                    raise _TakenError(seat_name)
                connection.execute(TASK_SEAT.insert().values(name=name, seat=free, task_id=task.id))

        while True:
            try:
                self._database.write(work)
            except IntegrityError:  # another task was faster; there may be another free seat
                continue
            except _TakenError as taken:
                return str(taken)
            return None

    def to_tend(self, now: int) -> list[Task]:
        """The tasks that executors hold, and the one that has been due for longest, if there is one; in one query."""
        longest = select(TASK.c.id).where(TASK.c.wake_at <= now).order_by(TASK.c.wake_at).limit(1)
        concerned = or_(TASK.c.lease_owner.is_not(None), TASK.c.id.in_(longest))
        return [task_of(row) for row in self._database.read(select(*statements.COLUMNS).where(_LIVES, concerned))]

    def hand_out(self, now: int, limit: int, is_next_up: Callable[[str, int], bool]) -> list[Task]:
        """Hand tasks that are due to the caller, the longest due first; no other caller gets the same.

        `is_next_up` says of an id and a run whether the caller is about to begin it anyway: such tasks are only
        postponed.
        """

        def work(connection: Connection) -> list[Task]:
            due = select(*statements.COLUMNS, TASK.c.last_mark).where(TASK.c.wake_at <= now).limit(limit)
            due = due.order_by(TASK.c.wake_at, TASK.c.created_at).with_for_update(skip_locked=True)
            mine, taken = [], []
            for row in connection.execute(due).all():
                task = task_of(row)
                if is_next_up(task.id, task.run):
                    mine.append(task.id)
                else:
                    taken.append(_write(connection, task, handed_out(task, now), row.last_mark))
            if mine:
                later = update(TASK).where(TASK.c.id.in_(mine)).values(wake_at=now + HANDOVER_MILLISECONDS)
                connection.execute(later)
            return taken

        return self._database.write(work)

    def stopped(self, awaited: Collection[str], running: Collection[str]) -> list[Task]:
        """Those of the `awaited` tasks that have ended or miss their key, and those of the `running` ones that rest."""
        ended = and_(TASK.c.id.in_(awaited), or_(TASK.c.status.in_(FINAL), TASK.c.reason == OTHER_KEY))
        rest = and_(TASK.c.id.in_(running), TASK.c.status == "processing", TASK.c.lease_owner.is_(None))
        return [task_of(row) for row in self._database.read(select(*statements.COLUMNS).where(or_(ended, rest)))]

    def unended(self, task_ids: Collection[str]) -> set[str]:
        """Those of the tasks that haven't ended."""
        query = select(TASK.c.id).where(_LIVES, TASK.c.id.in_(task_ids))
        return {str(row.id) for row in self._database.read(query)}

    def beat(self, owner: str, now: int) -> None:
        """Record on all tasks of an executor that it is alive."""
        self._database.write(
            lambda connection: connection.execute(
                update(TASK).where(_LIVES, TASK.c.lease_owner == owner).values(heartbeat_at=now)
            )
        )

    def last_tick(self, schedule: str, now: int) -> int:
        """The last tick of a schedule that was handled; for a new schedule, now."""
        row = self._database.read(select(SCHEDULE.c.last_tick).where(SCHEDULE.c.name == schedule))
        if row:
            return int(str(row[0][0]))
        try:
            self._database.write(lambda connection: connection.execute(_new_schedule(schedule, now)))
        except IntegrityError:  # another replica was faster
            return self.last_tick(schedule, now)
        return now

    def ticked(self, schedule: str, tick: int) -> None:
        """Record that a tick of a schedule was handled, unless a later one is already recorded."""
        noted = update(SCHEDULE).where(SCHEDULE.c.name == schedule, SCHEDULE.c.last_tick < tick)
        self._database.write(lambda connection: connection.execute(noted.values(last_tick=tick)))

    def forget(self, before: int, limit: int = 500) -> list[str]:
        """Delete tasks that ended before a time, with their events; return their ids."""

        def work(connection: Connection) -> list[str]:
            old = TASK.c.created_at < before  # there is an index of it, and what began later has not ended before
            query = select(TASK.c.id).where(old, TASK.c.ended_at < before).order_by(TASK.c.created_at).limit(limit)
            query = query.with_for_update(skip_locked=True)  # keeps a task that is being retried
            ids = [str(row.id) for row in connection.execute(query)]
            connection.execute(delete(TASK_EVENT).where(TASK_EVENT.c.task_id.in_(ids)))
            stop_referring(connection, ids)
            connection.execute(delete(APPROVAL).where(APPROVAL.c.task_id.in_(ids)))
            connection.execute(delete(TASK).where(TASK.c.id.in_(ids)))
            return ids

        return self._database.write(work)


class _TakenError(Exception):
    """All seats of a name are taken; raised to roll the transaction back."""


def _new_schedule(name: str, now: int) -> Insert:
    return SCHEDULE.insert().values(name=name, last_tick=now)


def _write(connection: Connection, before: Task, change: TaskChange, mark: str) -> Task:
    values = changed_row(before, change, mark)
    connection.execute(statements.CHANGE, {**values, "task_id": before.id})
    if change.events:
        connection.execute(statements.ADD_EVENT, event_rows(before, change))
    if _rests(before, change):
        _leave_seats(connection, before.id, time_of(change) or 0)
    return replace(change.task, last_event=values["last_event"])


def _rests(before: Task, change: TaskChange) -> bool:
    """Whether a task ends, or no worker holds it any longer: then it keeps no seat."""
    return change.task.lease_owner is None and (before.lease_owner is not None or change.task.finished)


def _leave_seats(connection: Connection, task_id: str, now: int) -> None:
    taken = connection.execute(statements.SEATS, {"task_id": task_id}).all()
    if taken:
        connection.execute(delete(TASK_SEAT).where(TASK_SEAT.c.task_id == task_id))
        wake(connection, [str(row.name) for row in taken], now)


def wake(connection: Connection, keys: Sequence[str], now: int) -> int:
    """Wake the tasks that wait for these keys, in the caller's transaction; return their number.

    `keys` are fingerprints. A task that just looks whether it has happened loses its wait, so that it looks once more.
    Workers are notified.
    """
    rests = TASK.c.lease_owner.is_(None)
    woken = update(TASK).where(TASK.c.wait_for.in_(keys))
    updated = woken.values(
        wake_at=case((rests, now), else_=TASK.c.wake_at), wait_for=case((rests, TASK.c.wait_for), else_=null())
    )
    count = connection.execute(updated).rowcount
    if count:
        notify_workers(connection)
    return count
