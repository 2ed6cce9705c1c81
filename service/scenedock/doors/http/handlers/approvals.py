"""The plain HTTP API of approvals: list, show, approve, refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Response, request

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.requests.bodies import json_body
from scenedock.doors.http.requests.deciding import decide, decider
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import InputError
from scenedock.model.action import BASE_PATH
from scenedock.model.approvals import LONGEST_COMMENT
from scenedock.model.json import JsonObject
from scenedock.runtime.service import Service

if TYPE_CHECKING:
    from scenedock.usecases.approvals.decide_approval import Decision

_STATES: Final = ("open", "all")


def list_approvals(service: Service) -> Response:
    """List the approvals that the caller has asked for or may decide, the newest first; by default open ones."""
    from scenedock.doors.http.documents import ApprovalList
    from scenedock.model.approvals.documents import ApprovalDocument
    from scenedock.usecases.approvals.decide_approval import find_approvals

    state = request.args.get("state", "open")
    if state not in _STATES:
        raise InputError(f"the query parameter `state` must be one of: {', '.join(_STATES)}")
    store = service.effects.approvals.store()
    found = find_approvals(store, decider(service), only_open=state == "open", task_id=request.args.get("taskId", ""))
    return json_answer(ApprovalList(approvals=tuple(map(ApprovalDocument.of, found))))


def show_an_approval(service: Service, approval_id: str) -> Response:
    """Show one approval."""
    from scenedock.model.approvals.documents import ApprovalDocument
    from scenedock.usecases.approvals.decide_approval import show_approval

    record = show_approval(service.effects.approvals.store(), decider(service), approval_id)
    return json_answer(ApprovalDocument.of(record))


def approve(service: Service, approval_id: str) -> Response:
    """Approve what a task waits for, with an optional `comment`; never who asked, unless the rule says so."""
    return _decided(service, approval_id, "approve")


def refuse(service: Service, approval_id: str) -> Response:
    """Refuse what a task waits for, with a `comment` that says why; the task fails with it."""
    return _decided(service, approval_id, "refuse")


def _decided(service: Service, approval_id: str, decision: Decision) -> Response:
    from scenedock.model.approvals.documents import ApprovalDocument

    comment = json_body().get("comment", "")
    if not isinstance(comment, str):
        raise InputError("`comment` must be text")
    return json_answer(ApprovalDocument.of(decide(service, approval_id, decision, comment)))


_ID: Final = {"approval_id": "Id of the approval"}
_COMMENT: Final[JsonObject] = {
    "type": "object",
    "properties": {"comment": {"type": "string", "maxLength": LONGEST_COMMENT}},
}
_REASON: Final[JsonObject] = {**_COMMENT, "required": ["comment"]}
_QUERY: Final[dict[str, JsonObject]] = {
    "state": {"enum": list(_STATES), "default": "open", "description": "Only those that can be decided, or all"},
    "taskId": {"type": "string", "description": "Only those of this task"},
}
_ONE: Final = f"{BASE_PATH}/approvals/{{approval_id}}"
_SHOWN: Final = {200: Answer("The approval", "ApprovalDocument")}

ROUTES: Final = (
    Route(
        "GET",
        f"{BASE_PATH}/approvals",
        "read",
        list_approvals,
        {200: Answer("The approvals", "ApprovalList")},
        query=_QUERY,
        tag="approvals",
    ),
    Route("GET", _ONE, "read", show_an_approval, _SHOWN, None, _ID, tag="approvals"),
    Route("POST", f"{_ONE}/approve", "run", approve, _SHOWN, _COMMENT, _ID, tag="approvals"),
    Route("POST", f"{_ONE}/refuse", "run", refuse, _SHOWN, _REASON, _ID, tag="approvals"),
)
