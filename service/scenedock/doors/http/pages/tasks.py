"""Tasks: those that the person may see, one with its log as it grows, and the forms that cancel and retry it."""

from __future__ import annotations

from functools import partial
from typing import Final

from flask import Response, g, request

from scenedock.documents.writing import write_documents
from scenedock.doors.http.rendering.page import PAGE, address, page
from scenedock.doors.http.rendering.pull_requests import pull_requests_of
from scenedock.doors.http.requests.access import NOBODY, require_scope
from scenedock.doors.http.requests.deciding import decider
from scenedock.doors.http.requests.following import stream
from scenedock.doors.http.requests.task_queries import number
from scenedock.doors.http.requests.visitors import go_to, may_send_forms
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import NotFoundError
from scenedock.model.json import as_object, as_text
from scenedock.model.tasks.task import STATUSES, Task, TaskQuery
from scenedock.runtime.service import Service
from scenedock.usecases.approvals.decide_approval import find_approvals
from scenedock.usecases.tasks.manage_tasks import cancel_task, find_tasks, read_events, retry_task, show_task

_ON_A_PAGE: Final = 50
_MOST_PAGES: Final = 100_000


def list_tasks_for_people(service: Service) -> Response:
    """List the tasks that the person may see, the newest first."""
    status = tuple(each for each in STATUSES if each == request.args.get("status"))
    at = max(1, number(request.args, "page", 1, _MOST_PAGES))
    query = TaskQuery(status=status, limit=_ON_A_PAGE, offset=(at - 1) * _ON_A_PAGE)
    tasks, total = find_tasks(service.tasks.effects, g.caller, query) if _may_have_any(service) else ([], 0)
    return page(
        "tasks.html",
        tasks=[(each, _title(each)) for each in tasks],
        total=total,
        is_all=total < query.most_counted,
        statuses=STATUSES,
        status=next(iter(status), ""),
        at=at,
        pages=max(1, -(-total // _ON_A_PAGE)),
        is_admin=g.caller.may("admin"),
    )


def show_task_to_people(service: Service, task_id: str) -> Response:
    """Show one task: its steps, what they gave, and its log."""
    from scenedock.usecases.tasks.undo_task import can_undo

    _require_any(service, task_id)
    task = show_task(service.tasks.effects, g.caller, task_id)
    events = read_events(service.tasks.effects, g.caller, task_id)
    steps = [(step, task.step_state(step.id)) for step in task.steps]
    return page(
        "task.html",
        task=task,
        title=_title(task),
        waiting=_waiting(task),
        steps=[
            (step, as_text(state.get("status")) or "open", _yaml(step.input), _yaml(as_object(state.get("output"))))
            for step, state in steps
        ],
        events=events,
        pull_requests=pull_requests_of(task),
        approvals=find_approvals(service.effects.approvals.store(), decider(service), only_open=False, task_id=task_id),
        last=max((event.id for event in events), default=0),
        can_send=may_send_forms() and g.caller.may("run"),
        can_retry=task.status in {"failed", "cancelled"} and not task.state.get("undone"),
        can_undo=can_undo(service.tasks.actions, task),
    )


def follow_task(service: Service, task_id: str) -> Response:
    """Follow the events of a task on its page, as server-sent events until it ends."""
    _require_any(service, task_id)
    return stream(service, task_id, number(request.args, "after", 0))


def cancel_from_form(service: Service, task_id: str) -> Response:
    """Cancel a task, and go back to it."""
    require_scope(g.caller, "run")
    cancel_task(service.tasks.effects, g.caller, task_id)
    return go_to(address("/tasks", task_id))


def retry_from_form(service: Service, task_id: str) -> Response:
    """Retry a task from the first step that isn't completed, and go back to it."""
    require_scope(g.caller, "run")
    retry_task(
        service.tasks.effects,
        g.caller,
        task_id,
        {},
        actions=service.tasks.actions,
        permit=partial(service.permissions.check, g.caller, g.request_id),
    )
    return go_to(address("/tasks", task_id))


def undo_from_form(service: Service, task_id: str) -> Response:
    """Undo a task, and go to the task that does."""
    from scenedock.usecases.tasks.undo_task import undo_task

    require_scope(g.caller, "run")
    permit = partial(service.permissions.check, g.caller, g.request_id)
    task = undo_task(service.tasks.effects, service.tasks.actions, g.caller, task_id, permit)
    return go_to(address("/tasks", task.id))


def _may_have_any(service: Service) -> bool:
    """Whether there may be a task for the caller to see: only then are they opened, which costs memory and threads."""
    return g.caller is not NOBODY and service.tasks.may_have_any()


def _require_any(service: Service, task_id: str) -> None:
    if not _may_have_any(service):
        raise NotFoundError(f"there is no task {task_id}")


def _title(task: Task) -> str:
    """What it does: the name of its Template, else of its steps."""
    info = as_object(as_object(task.spec.get("templateInfo")).get("entity"))
    named = as_text(as_object(info.get("metadata")).get("name"))
    return named or ", ".join(step.name for step in task.steps[:3])


def _waiting(task: Task) -> str:
    """What it waits for, as a sentence; or what else its reason is."""
    reason = task.reason or ""
    return f"Waits {reason}" if reason.startswith(("for ", "until ")) else reason[:1].upper() + reason[1:]


def _yaml(value: object) -> str:
    written = as_object(value)  # type: ignore[arg-type] # what a task stores is JSON
    return write_documents([written]) if written else ""


_AWAY: Final = {303: Answer("To the task")}

ROUTES: Final = (
    Route("GET", "/tasks", "page", list_tasks_for_people, PAGE),
    Route("GET", "/tasks/{task_id}", "page", show_task_to_people, PAGE),
    Route(
        "GET", "/tasks/{task_id}/events", "page", follow_task, {200: Answer("The events", None, "text/event-stream")}
    ),
    Route("POST", "/tasks/{task_id}/cancel", "form", cancel_from_form, _AWAY),
    Route("POST", "/tasks/{task_id}/retry", "form", retry_from_form, _AWAY),
    Route("POST", "/tasks/{task_id}/undo", "form", undo_from_form, _AWAY),
)
