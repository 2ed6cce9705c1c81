"""`scenedock:decide-approval`: approve or refuse what a task waits for."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.model.action import Context, Example, action
from scenedock.model.approvals import LONGEST_COMMENT
from scenedock.model.json_documents import Model, TaskInput


class Input(TaskInput):
    """What to decide, and how."""

    approval_id: Annotated[str, "Id of the approval, as the waiting task says it", Field(max_length=100)]
    decision: Annotated[Literal["approve", "refuse"], "Whether the task may go on"]
    comment: Annotated[
        str, "What whoever asked should know; a refusal must say why", Field(max_length=LONGEST_COMMENT)
    ] = ""


class Output(Model):
    """What was decided."""

    what: Annotated[str, "What was asked for"]
    state: Annotated[Literal["approved", "refused"], "How it was decided"]
    task_id: Annotated[str, "Id of the task that goes on, or ends"]


EXAMPLES = [
    Example("Approve", {"approvalId": "0b6d3a56-6f0e-4f0c-9a51-0d8f7f6f2a11", "decision": "approve"}),
    Example(
        "Refuse, and say why",
        {
            "approvalId": "0b6d3a56-6f0e-4f0c-9a51-0d8f7f6f2a11",
            "decision": "refuse",
            "comment": "not on a Friday",
        },
    ),
]


@action("decide-approval", examples=EXAMPLES)
def decide_approval_action(context: Context[Effects], request: Input) -> Output:
    """Approve or refuse what a task waits for.

    Whoever asked for it may not decide, unless the rule says so. It is decided once.

    Raises
    ------
    NotFoundError     there is no such approval
    NotAllowedError   the caller may not decide about it
    InputError        a refusal has no comment
    ConflictError     it was decided before, or has ended
    """
    from scenedock.usecases.approvals.decide_approval import Decider, decide_approval

    caller = context.caller
    decided = decide_approval(
        context.effects.approvals.store(),
        Decider(caller, partial(_groups, context), context.request_id),
        request.approval_id,
        request.decision,
        request.comment,
        tried_before=context.tried_before,
    )
    state: Literal["approved", "refused"] = "approved" if request.decision == "approve" else "refused"
    context.log(f"{decided.request.what}: {state}")
    return Output(what=decided.request.what, state=state, task_id=decided.key.task_id)


def _groups(context: Context[Effects]) -> Collection[str]:
    """The groups of the caller's user, as who signed them in knows them, else Backstage's catalog."""
    caller = context.caller
    return caller.groups if caller.groups is not None else context.effects.groups(caller.user or "")
