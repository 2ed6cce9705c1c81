"""Approvals for the caller of a request: what it may see, and its decision."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from flask import g

from scenedock.model.approvals import ApprovalRecord
from scenedock.runtime.service import Service

if TYPE_CHECKING:
    from scenedock.usecases.approvals.decide_approval import Decider, Decision

_ACTION: Final = "decide-approval"


def decider(service: Service) -> Decider:
    """Who asks."""
    from scenedock.usecases.approvals.decide_approval import Decider

    return Decider(g.caller, partial(service.permissions.groups_of, g.caller), g.request_id)


def decide(service: Service, approval_id: str, decision: Decision, comment: str) -> ApprovalRecord:
    """Decide as the action `decide-approval` does, if the rules let the caller run that.

    On our own pages, it is enough that the rule about the approval names the person or a group of theirs.

    Raises
    ------
    NotFoundError     there is no such approval
    NotAllowedError   the caller may not decide about it
    InputError        a refusal has no comment
    ConflictError     it was decided before, or has ended
    """
    from scenedock.usecases.approvals.decide_approval import decide_approval

    values = {"approvalId": approval_id, "decision": decision, "comment": comment}
    store = service.effects.approvals.store()
    who = store.get(approval_id).request.approvers
    if g.caller.kind != "pages" or not (who.users or who.groups):
        service.permissions.check(g.caller, g.request_id, service.actions[_ACTION], values)
    return decide_approval(store, decider(service), approval_id, decision, comment)
