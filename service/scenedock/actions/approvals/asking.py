"""How an action asks for an approval of what it is about to do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Final

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.errors import InputError
from scenedock.model.action import WITHOUT_APPROVAL, Context
from scenedock.model.approvals import ApprovalRequest, ApprovalRule, ApprovalSubject, Approvers, StepKey
from scenedock.model.json import JsonObject

APPROVAL_RIGHTS: Final = {"passApproval": WITHOUT_APPROVAL}
"""What a caller needs besides, if it passes an approval."""

PassApproval = Annotated[
    str,
    "Why it goes on without the approval that the rules want; only who they allow `pass-approval` may. The pull "
    "request and the audit log have it",
    Field(max_length=500),
]


def ask_approval(
    context: Context[Effects],
    action: str,
    environments: Collection[str | None],
    subject: ApprovalSubject,
    *,
    passes: str = "",
    always: bool = False,
) -> str:
    """Who has given the approval that the rules want of an action in some environments, as a sentence of the text.

    It is empty if they want none. `passes` is why the caller, who may, goes on without. With `always`, anybody else
    must agree where no rule says who.

    Raises
    ------
    WaitingFor      nobody has decided yet
    ConflictError   it was refused, nobody has decided in time, or nobody may decide about all environments at once
    InputError      it isn't a task that asks, so that it can't wait
    """
    from scenedock.usecases.approvals.require_approval import require_approval

    rules = context.effects.approvals.rules
    wanted = rules.rules_for(action, environments)
    if not wanted and not always:
        return ""
    if reason := " ".join(passes.split()):
        who = " and ".join(str(rule.approvers) for rule in wanted) or "somebody else"
        context.log(f"goes on without the approval by {who}: {reason}")
        return f"{context.caller.name} goes on without an approval: {reason}"
    rule = rules.rule_for(action, environments) or ApprovalRule(frozenset({action}), frozenset(), Approvers())
    if not context.task_id:
        raise InputError(f"{subject.what}: this needs an approval by {rule.approvers}, so it must run as a task")
    request = ApprovalRequest(
        action=action,
        subject=subject,
        approvers=rule.approvers,
        asked_by=context.caller.name,
        hours=rule.hours,
    )
    approval = require_approval(context.effects.approvals, _key(context), request, context.log)
    return f"Approved by {approval.by}{f': {approval.comment}' if approval.comment else ''}"


def wait_for_decision(context: Context[Effects]) -> None:
    """Wait on if the step has asked for an approval: called before it finds out once more what it wants to do.

    Raises
    ------
    WaitingFor, ConflictError   as `ask_approval` does
    """
    from scenedock.usecases.approvals.require_approval import await_decision

    if context.task_id and context.tried_before:
        await_decision(context.effects.approvals, _key(context), context.log)


def facts_of_approval(context: Context[Effects]) -> JsonObject:
    """The facts of what the step has last asked an approval for; empty if it has asked for none."""
    record = context.effects.approvals.store().last_of(_key(context)) if context.task_id else None
    return record.request.subject.facts if record else {}


def _key(context: Context[Effects]) -> StepKey:
    return StepKey(context.task_id, context.step_id, context.attempt)
