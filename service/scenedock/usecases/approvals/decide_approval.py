"""Approvals that somebody may see and decide: list, show, approve, refuse."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from scenedock.model.action import Caller
from scenedock.model.approvals import LONGEST_COMMENT, ApprovalRecord
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass

if TYPE_CHECKING:  # its import loads SQLAlchemy
    from scenedock.effects.tasks.approval_store import ApprovalStore

Decision: TypeAlias = Literal["approve", "refuse"]

_MOST: Final = 1_000
_audit: Final = logging.getLogger("scenedock.audit")


@dataclass(frozen=True, slots=True)
class Decider:
    """Who looks at approvals, and may decide some; `groups` are those of the caller's user, asked only if needed."""

    caller: Caller
    groups: Callable[[], Collection[str]]
    request_id: str = ""


def find_approvals(
    store: ApprovalStore, who: Decider, *, only_open: bool = True, task_id: str = ""
) -> list[ApprovalRecord]:
    """The requests that the caller may see, the newest first: those it asked for, those it may decide, or all.

    The newest 1,000 are returned; the groups are asked once.
    """
    groups = cache(who.groups)
    found: list[ApprovalRecord] = []
    for page in count():
        records = store.find(only_open=only_open, task_id=task_id, limit=_MOST, offset=page * _MOST)
        found += [each for each in records if each.is_visible_to(who.caller, groups)]
        if len(records) < _MOST or len(found) >= _MOST:
            break
    return found[:_MOST]


def show_approval(store: ApprovalStore, who: Decider, approval_id: str) -> ApprovalRecord:
    """One request.

    Raises
    ------
    NotFoundError   there is none with this id that the caller may see
    """
    record = store.get(approval_id)
    if not record.is_visible_to(who.caller, who.groups):
        raise NotFoundError(f"there is no approval {approval_id}; it may be older than what is kept")
    return record


def decide_approval(
    store: ApprovalStore,
    who: Decider,
    approval_id: str,
    decision: Decision,
    comment: str = "",
    *,
    tried_before: bool = False,
) -> ApprovalRecord:
    """Approve or refuse, once; the task goes on, or ends with the reason of the refusal.

    Who decides is in the audit log, and so is who tried and may not. With `tried_before`, an earlier attempt of the
    same call may have decided.

    Raises
    ------
    NotFoundError     there is no such request
    NotAllowedError   the caller may not decide about it
    InputError        a refusal has no reason
    ConflictError     it has been decided, or has ended
    """
    record = store.get(approval_id)
    comment = " ".join(comment.split())[:LONGEST_COMMENT]
    if refused := record.refusal_of(who.caller, who.groups):
        _note(record, who, "denied", refused)
        raise NotAllowedError(refused)
    state: Literal["approved", "refused"] = "approved" if decision == "approve" else "refused"
    if tried_before and (record.state, record.decided_by) == (state, who.caller.name):
        return record
    _require_open(record)
    if state == "refused" and not comment:
        raise InputError("a refusal needs a comment that says why; whoever asked reads it", ("comment",))
    decided = store.decide(record, state, who.caller.name, comment)
    if decided is None:  # somebody was faster
        _require_open(store.get(approval_id))
        raise ConflictError(f"the approval {approval_id} can't be decided any more")
    _note(decided, who, state, comment)
    return decided


def _require_open(record: ApprovalRecord) -> None:
    what = f"the approval {record.id} ({record.request.what})"
    if record.state in {"approved", "refused"}:
        at = datetime.fromtimestamp((record.decided_at or 0) / 1_000, UTC)
        raise ConflictError(f"{what} was {record.state} by {record.decided_by} already, {at:%Y-%m-%d %H:%M} UTC")
    if record.state == "ended":
        raise ConflictError(f"{what} has ended: its time is over, or the task doesn't wait for it any more")


def _note(record: ApprovalRecord, who: Decider, outcome: str, message: str) -> None:
    facts: JsonObject = {
        "caller": who.caller.subject,
        "user": who.caller.user,
        "action": record.request.action,
        "approval": record.id,
        "task": record.key.task_id,
        "asked_by": record.request.asked_by,
        "what": record.request.what,
        "outcome": outcome,
        "message": message,
        "request_id": who.request_id,
    }
    level = logging.WARNING if outcome == "denied" else logging.INFO
    _audit.log(level, "%s: approval %s %s", who.caller.name, record.id, outcome, extra={"facts": facts})
