"""Approvals in the database of tasks: a decision and the wake of the task that waits for it are one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins
from sqlalchemy import and_, exists, select, update
from sqlalchemy.exc import IntegrityError

from scenedock.effects.tasks.storage.database import Database
from scenedock.effects.tasks.storage.tables import APPROVAL, TASK
from scenedock.effects.tasks.store import wake
from scenedock.errors import NotFoundError
from scenedock.model.approvals import (
    ApprovalRecord,
    ApprovalRequest,
    ApprovalState,
    ApprovalSubject,
    Approvers,
    StepKey,
)
from scenedock.model.tasks.task import FINAL, fingerprint

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

_WAITS = exists().where(
    TASK.c.id == APPROVAL.c.task_id,
    TASK.c.attempt == APPROVAL.c.attempt,
    TASK.c.status.not_in(FINAL),
    TASK.c.cancel_requested.is_(False),
)
"""Whether the task still waits in the attempt that asked."""


class ApprovalStore:
    """The table of approvals; `clock` is in milliseconds since 1970.

    What is open in the table has ended when its time is over, or its task no longer waits: what is read here says so.
    All methods raise TemporaryError if the database can't be reached.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self.clock = clock

    def add(self, record: ApprovalRecord) -> None:
        """Store a new request."""
        row = {
            "id": record.id,
            "task_id": record.key.task_id,
            "step_id": record.key.step_id,
            "attempt": record.key.attempt,
            "request": json.dumps(to_builtins(record.request, order="deterministic")),
            "state": record.state,
            "asked_at": record.asked_at,
            "until_at": record.until,
            "told": record.told,
            "comment": "",
        }
        try:
            self._database.write(lambda connection: connection.execute(APPROVAL.insert().values(**row)))
        except IntegrityError:  # it was stored before the connection broke
            return

    def get(self, approval_id: str) -> ApprovalRecord:
        """One request.

        Raises
        ------
        NotFoundError   there is none with this id
        """
        rows = self._database.read(self._query().where(APPROVAL.c.id == approval_id))
        if not rows:
            raise NotFoundError(f"there is no approval {approval_id}; it may be older than what is kept")
        return self._record(rows[0])

    def last_of(self, key: StepKey) -> ApprovalRecord | None:
        """The last request of a step, in whichever attempt."""
        step = and_(APPROVAL.c.task_id == key.task_id, APPROVAL.c.step_id == key.step_id)
        rows = self._database.read(
            self._query().where(step).order_by(APPROVAL.c.attempt.desc(), APPROVAL.c.asked_at.desc()).limit(1)
        )
        return self._record(rows[0]) if rows else None

    def find(
        self, *, only_open: bool = False, task_id: str = "", limit: int = 1_000, offset: int = 0
    ) -> list[ApprovalRecord]:
        """Requests, the newest first: all, those that can be decided, or those of a task."""
        query = self._query().order_by(APPROVAL.c.asked_at.desc(), APPROVAL.c.id).limit(limit).offset(offset)
        if only_open:
            query = query.where(APPROVAL.c.state == "open", APPROVAL.c.until_at > self.clock(), _WAITS)
        if task_id:
            query = query.where(APPROVAL.c.task_id == task_id)
        return [self._record(row) for row in self._database.read(query)]

    def note_told(self, approval_id: str, told: int) -> None:
        """Note how often those who may approve have been told."""
        noted = update(APPROVAL).where(APPROVAL.c.id == approval_id).values(told=told)
        self._database.write(lambda connection: connection.execute(noted))

    def end(self, approval_id: str) -> None:
        """End a request that nobody has decided."""
        ended = update(APPROVAL).where(APPROVAL.c.id == approval_id, APPROVAL.c.state == "open").values(state="ended")
        self._database.write(lambda connection: connection.execute(ended))

    def decide(self, record: ApprovalRecord, state: ApprovalState, by: str, comment: str) -> ApprovalRecord | None:
        """Decide an open request, so that it survives a power loss, and wake its task; None if it isn't open any more.

        Of several who decide at once, one does.
        """
        now = self.clock()
        decided = (
            update(APPROVAL)
            .where(APPROVAL.c.id == record.id, APPROVAL.c.state == "open", APPROVAL.c.until_at > now, _WAITS)
            .values(state=state, decided_by=by, decided_at=now, comment=comment)
        )

        def work(connection: Connection) -> bool:
            if not connection.execute(decided).rowcount:
                return False
            wake(connection, [fingerprint(record.event)], now)
            return True

        done = self._database.write(work, lasting=True)
        stored = self.get(record.id)
        mine = (stored.state, stored.decided_by, stored.decided_at) == (state, by, now)  # its response may be lost
        return stored if done or mine else None

    def _query(self) -> Any:
        return select(APPROVAL, _WAITS.label("waits"))

    def _record(self, row: Row[*tuple[Any, ...]]) -> ApprovalRecord:
        state: ApprovalState = row.state
        if state == "open" and (not row.waits or row.until_at <= self.clock()):
            state = "ended"
        return ApprovalRecord(
            id=row.id,
            key=StepKey(row.task_id, row.step_id, row.attempt),
            request=_request(json.loads(row.request)),
            asked_at=row.asked_at,
            state=state,
            told=row.told,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            comment=row.comment,
        )


def _request(stored: dict[str, Any]) -> ApprovalRequest:
    who = stored.pop("approvers")
    approvers = Approvers(frozenset(who["users"]), frozenset(who["groups"]), asker=who["asker"])
    subject = ApprovalSubject(**stored.pop("subject"))
    return ApprovalRequest(**stored, subject=subject, approvers=approvers)
