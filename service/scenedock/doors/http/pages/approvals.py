"""Approvals: those that the person may see, and one with the form that approves or refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Response, g, request

from scenedock.doors.http.rendering.page import PAGE, address, page
from scenedock.doors.http.requests.access import NOBODY, NOT_SIGNED_IN, require_scope
from scenedock.doors.http.requests.deciding import decide, decider
from scenedock.doors.http.requests.visitors import go_to, may_send_forms
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import AuthenticationError, InputError, NotFoundError
from scenedock.model.approvals import LONGEST_COMMENT
from scenedock.runtime.service import Service

if TYPE_CHECKING:
    from scenedock.usecases.approvals.decide_approval import Decision

_MOST_EARLIER: Final = 50


def list_approvals_for_people(service: Service) -> Response:
    """List the approvals that the person has asked for or may decide, the open ones first."""
    from scenedock.usecases.approvals.decide_approval import find_approvals

    waiting, last = [], []
    if g.caller is not NOBODY and service.tasks.may_have_any():
        store, who = service.effects.approvals.store(), decider(service)
        waiting, last = find_approvals(store, who), find_approvals(store, who, only_open=False)
    ended = [each for each in last if each.state != "open"]
    return page("approvals.html", open=waiting, ended=ended[:_MOST_EARLIER])


def show_approval_to_people(service: Service, approval_id: str) -> Response:
    """Show what a task asks for, and the form with which the person may decide."""
    if g.caller is NOBODY:
        raise AuthenticationError(NOT_SIGNED_IN)
    if not service.tasks.may_have_any():
        raise NotFoundError(f"there is no approval {approval_id}")
    return _approval_page(service, approval_id)


def _approval_page(service: Service, approval_id: str, problem: str = "") -> Response:
    """The page of one approval; `problem` is what is wrong with the comment that was sent."""
    from scenedock.usecases.approvals.decide_approval import show_approval

    who = decider(service)
    record = show_approval(service.effects.approvals.store(), who, approval_id)
    return page(
        "approval.html",
        record=record,
        refusal=record.refusal_of(who.caller, who.groups),
        can_send=may_send_forms() and g.caller.may("run"),
        longest=LONGEST_COMMENT,
        problem=problem,
    )


def decide_from_form(service: Service, approval_id: str) -> Response:
    """Approve or refuse, as the button says, and go back to the approval."""
    require_scope(g.caller, "run")
    decision: Decision = "approve" if request.form.get("decision") == "approve" else "refuse"
    try:
        decide(service, approval_id, decision, request.form.get("comment", ""))
    except InputError as error:
        if not error.path:
            raise
        answer = _approval_page(service, approval_id, str(error))
        answer.status_code = error.status
        return answer
    g.audited = True
    return go_to(address("/approvals", approval_id))


ROUTES: Final = (
    Route("GET", "/approvals", "page", list_approvals_for_people, PAGE),
    Route("GET", "/approvals/{approval_id}", "page", show_approval_to_people, PAGE),
    Route("POST", "/approvals/{approval_id}", "form", decide_from_form, {303: Answer("To the approval")}),
)
