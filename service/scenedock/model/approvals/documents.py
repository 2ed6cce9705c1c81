"""The JSON documents of approvals, as every door sends them."""

from __future__ import annotations

from typing import Annotated

from scenedock.model.approvals import ApprovalRecord, ApprovalState
from scenedock.model.json_documents import LEFT_OUT_IF_EMPTY, JsonDocument, Timestamp, timestamp


class ApproversDocument(JsonDocument):
    """Who may approve; without users and groups, whoever may run actions."""

    users: Annotated[tuple[str, ...], "References of users"]
    groups: Annotated[tuple[str, ...], "References of groups, whose members may"]
    asker: Annotated[bool, "Whether who asked may, too"]


class ApprovalDocument(JsonDocument):
    """An approval that a task has asked for, and how it was decided."""

    id: str
    state: Annotated[
        ApprovalState, "`ended`: its time is over, something else was asked instead, or the task has ended"
    ]
    action: Annotated[str, "Name of the action that needs it"]
    what: Annotated[str, "What it is about, in one line"]
    summary: Annotated[str, "What will be done, in Markdown"]
    task_id: str
    step_id: str
    asked_by: Annotated[str, "The user on whose behalf the task was submitted, else the caller"]
    asked_at: Timestamp
    until: Annotated[Timestamp, "When it ends"]
    approvers: ApproversDocument
    decided_by: Annotated[str, "Who has approved or refused", LEFT_OUT_IF_EMPTY] = ""
    decided_at: Annotated[Timestamp, "When", LEFT_OUT_IF_EMPTY] = ""
    comment: Annotated[str, "What they said of it", LEFT_OUT_IF_EMPTY] = ""

    @classmethod
    def of(cls, record: ApprovalRecord) -> ApprovalDocument:
        """The document of a request."""
        request = record.request
        who = request.approvers
        return cls(
            id=record.id,
            state=record.state,
            action=request.action,
            what=request.what,
            summary=request.subject.summary,
            task_id=record.key.task_id,
            step_id=record.key.step_id,
            asked_by=request.asked_by,
            asked_at=timestamp(record.asked_at),
            until=timestamp(record.until),
            approvers=ApproversDocument(
                users=tuple(sorted(who.users)), groups=tuple(sorted(who.groups)), asker=who.asker
            ),
            decided_by=record.decided_by or "",
            decided_at=timestamp(record.decided_at) if record.decided_at is not None else "",
            comment=record.comment,
        )
