"""Require an approval before a step goes on, without holding a worker meanwhile."""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from scenedock.effects.approvals.effects import ApprovalEffects
from scenedock.errors import ConflictError, TemporaryError
from scenedock.model.approvals import Approval, ApprovalRecord, ApprovalRequest, StepKey
from scenedock.model.json import JsonObject
from scenedock.model.tasks.task import WaitingFor

_audit: Final = logging.getLogger("scenedock.audit")
_SECONDS_TO_TELL_AGAIN: Final = 300.0
_TOLD_AND_REMINDED: Final = 2


def require_approval(
    approvals: ApprovalEffects,
    key: StepKey,
    request: ApprovalRequest,
    log: Callable[[str], object] = lambda _message: None,
) -> Approval:
    """The approval of what a step is about to do: the first call asks for it, and the task waits until it is given.

    An approval is for this `content` alone: if it has changed since, it is asked for again. It counts in a later
    attempt of the task as long as its request would have been open. A refused or ended request is asked again in the
    next attempt.

    Raises
    ------
    WaitingFor       nobody has decided yet
    ConflictError    it was refused, or nobody has decided in time
    TemporaryError   the database can't be reached
    """
    store = approvals.store()
    now = store.clock()
    record = store.last_of(key)
    if record is None or _is_another(record, key, request, now):
        if record is not None and record.state == "open":
            store.end(record.id)
            log(f"what the approval {record.id} was asked for has changed, so another one is needed")
        record = ApprovalRecord(str(uuid.uuid4()), key, request, now)
        store.add(record)
        log(f"{request.what}: this needs the approval of {request.approvers}")
        _note(record, "asked")
    return _outcome(approvals, record, log)


def await_decision(
    approvals: ApprovalEffects, key: StepKey, log: Callable[[str], object] = lambda _message: None
) -> None:
    """Wait on for what a step has asked for in this attempt, so that it needs not find out again what it wants to do.

    Once it is approved, or if nothing was asked for, this returns, and `require_approval` has the answer.

    Raises
    ------
    WaitingFor, ConflictError, TemporaryError   as `require_approval` does
    """
    record = approvals.store().last_of(key)
    if record is not None and record.key.attempt == key.attempt and record.state != "approved":
        _outcome(approvals, record, log)


def _outcome(approvals: ApprovalEffects, record: ApprovalRecord, log: Callable[[str], object]) -> Approval:
    store, what = approvals.store(), record.request.what
    now = store.clock()
    match record.state:
        case "approved":
            said = f": {record.comment}" if record.comment else ""
            log(f"approved by {record.approval.by}{said}")
            return record.approval
        case "refused":
            said = f": {record.comment}" if record.comment else ""
            raise ConflictError(f"{what}: refused by {record.decided_by}{said}; retry the task to ask again")
        case "ended":
            store.end(record.id)
            _note(record, "ended")
            raise ConflictError(f"{what}: nobody approved it until {_time(record.until)}; retry the task to ask again")
    told = _tell(approvals, record, now, log)
    raise WaitingFor(
        record.event,
        check_seconds=_seconds_to_wait(record, told, now),
        give_up_seconds=math.inf,  # the request has an end of its own
        told=f"the approval of {record.request.approvers}",
    )


def _is_another(record: ApprovalRecord, key: StepKey, request: ApprovalRequest, now: int) -> bool:
    """Whether the last request of a step is not the one that counts now."""
    if record.request.fingerprint != request.fingerprint:
        return True
    if record.key.attempt == key.attempt:
        return False
    return record.state != "approved" or now >= record.until


def _tell(approvals: ApprovalEffects, record: ApprovalRecord, now: int, log: Callable[[str], object]) -> int:
    """Tell those who may approve, or remind them, if it is time; returns how often they have been told by now."""
    due = record.told == 0 or (record.told == 1 and now >= record.remind_at)
    if not due:
        return record.told
    try:
        way = approvals.telling.tell(record)
    except TemporaryError as error:
        log(f"those who may approve could not be told: {error}")
        return record.told
    told = record.told + 1 if way else _TOLD_AND_REMINDED
    approvals.store().note_told(record.id, told)
    if way:
        log(f"those who may approve were {'told' if told == 1 else 'reminded'} by {way}")
    return told


def _seconds_to_wait(record: ApprovalRecord, told: int, now: int) -> float:
    """Until the reminder or the end; a decision wakes the task before."""
    ends = (record.until - now) / 1_000 + 1
    if told == 0 or (told == 1 and now >= record.remind_at):
        return min(_SECONDS_TO_TELL_AGAIN, ends)
    return min((record.remind_at - now) / 1_000 + 1, ends) if told < _TOLD_AND_REMINDED else ends


def _note(record: ApprovalRecord, outcome: str) -> None:
    request = record.request
    facts: JsonObject = {
        "caller": request.asked_by,
        "action": request.action,
        "approval": record.id,
        "task": record.key.task_id,
        "approvers": str(request.approvers),
        "outcome": outcome,
        "message": request.what,
    }
    _audit.info("approval %s of %s: %s", record.id, request.what, outcome, extra={"facts": facts})


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
