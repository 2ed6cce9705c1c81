"""Changes of a task: each function returns the changed task, and the events that describe the change.

A task changes only through them; the store writes the task and its events in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scenedock.errors import BUG, ConflictError
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.model.tasks.task import EventType, Happening, Status, Step, Task, WaitingFor, after
from scenedock.structs import dataclass, replace

HANDOVER_MILLISECONDS = 5_000
"""How long a task that was assigned to a worker may stay unclaimed before it is assigned again."""
OTHER_KEY = "for a worker with the key that sealed its secrets (SCENEDOCK_SEAL_KEY)"
"""The reason of a task whose secrets the worker that took it could not open."""
MOST_RECOVERIES = 10
"""How many workers may die in one step of a task before the task fails, as the probable cause."""
_LONGEST_MESSAGE = 20_000


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that has no number yet; the store gives it one."""

    type: EventType
    body: JsonObject
    created_at: int
    step_id: str | None = None
    step_status: Status | None = None


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A task after a change, and the events that describe the change."""

    task: Task
    events: tuple[NewEvent, ...] = ()


class LeaseLostError(Exception):
    """Another worker runs the task now, or it has ended: a worker that gets this stops and writes nothing."""


def fenced(run: int, decide: Callable[[Task], TaskChange]) -> Callable[[Task], TaskChange]:
    """A decision that is only taken while this run of the task is the present one.

    The decision raises LeaseLostError otherwise.
    """

    def checked(task: Task) -> TaskChange:
        if task.run != run or task.lease_owner is None:
            raise LeaseLostError(task.id)
        return decide(task)

    return checked


def claiming(run: int, decide: Callable[[Task], TaskChange]) -> Callable[[Task], TaskChange]:
    """A decision that is only taken while nobody works on this run of the task yet.

    The decision raises LeaseLostError otherwise.
    """

    def checked(task: Task) -> TaskChange:
        if task.run != run or task.lease_owner is not None or task.finished:
            raise LeaseLostError(task.id)
        return decide(task)

    return checked


def logged(message: str, now: int, step_id: str | None = None, status: Status | None = None) -> NewEvent:
    """A log line, with the new status of a step if it changed."""
    body: dict[str, Json] = {"message": message[:_LONGEST_MESSAGE]}
    body |= {"stepId": step_id} if step_id else {}
    body |= {"status": status} if status else {}
    return NewEvent("log", body, now, step_id, status)


def started(task: Task, run: int, owner: str, now: int) -> TaskChange:
    """A worker begins to run the task, for the first time or again.

    Raises
    ------
    LeaseLostError   this is no longer the current run of the task
    """
    if task.run != run or task.finished or task.lease_owner is not None:
        raise LeaseLostError(task.id)
    status = after(task.status, "start")
    # It keeps its wait while it checks whether that has happened, so that a notification meanwhile is not lost.
    looking = replace(_awake(task), wait_for=task.wait_for)
    return TaskChange(replace(looking, status=status, lease_owner=owner, heartbeat_at=now))


def handed_out(task: Task, now: int, handover: int = HANDOVER_MILLISECONDS) -> TaskChange:
    """The task is handed to a worker once more; whoever had it before may write nothing more.

    `handover` is after how many milliseconds it is due again if nobody has begun it.
    """
    return TaskChange(replace(task, run=task.run + 1, lease_owner=None, wake_at=now + handover))


def lost(task: Task, now: int) -> TaskChange:
    """The task's worker is lost: it is assigned again, or fails if that happened too often."""
    recoveries = int(str(task.state.get("recoveries", 0))) + 1
    if recoveries > MOST_RECOVERIES:
        return ended(task, "fail", failure(BUG, f"{recoveries} workers died in one step of it"), now)
    event = NewEvent("recovered", {"message": "its worker was lost; it goes on", "recoverStrategy": "none"}, now)
    again = handed_out(replace(task, state={**task.state, "recoveries": recoveries}, deadline_at=None), now)
    return TaskChange(replace(again.task, reason="worker lost"), (event,))


def step_began(task: Task, step: Step, now: int, deadline_at: int) -> TaskChange:
    """A step begins, or is tried again after a wait."""
    before = task.step_state(step.id)
    state = {**before, "status": "processing", "since": before.get("since", now)}
    event = logged(f"Beginning step {step.name}", now, step.id, "processing")
    return TaskChange(
        replace(with_step(task, step, state), deadline_at=deadline_at), () if before.get("since") else (event,)
    )


def step_ended(task: Task, step: Step, status: Status, now: int, output: JsonObject | None = None) -> TaskChange:
    """A step has ended; it is not run again in this attempt and, if completed, in no later one."""
    state: dict[str, Json] = {"status": status}
    state |= {"output": output} if output is not None else {}
    event = logged(f"{_WORDS[status]} step {step.name}", now, step.id, status)
    after_it = with_step(task, step, state)
    state_after = {**after_it.state, "recoveries": 0}
    return TaskChange(replace(after_it, deadline_at=None, wait_for=None, state=state_after), (event,))


_WORDS: Mapping[Status, str] = {
    "completed": "Finished",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "skipped": "Skipped",
}


def rested(task: Task, now: int, *, wake_at: int, wait_for: str | None, reason: str) -> TaskChange:
    """The task waits, and holds no worker while it does."""
    status = after(task.status, "wait")
    waiting = replace(task, status=status, wake_at=wake_at, wait_for=wait_for, reason=reason)
    event = logged(f"Waiting: {reason}", now)
    again = wait_for is not None and task.wait_for == wait_for
    return TaskChange(replace(waiting, lease_owner=None, deadline_at=None), () if again else (event,))


def overtaken(stored: Task, resting: Task) -> bool:
    """Whether a notification may have come before the task was stored as waiting for it.

    `stored` is the task that begins to wait, as others see it. It then has to check once more, at once: the first time,
    because nobody could notify it yet; later, because a notification removes the wait of a task that is checking.
    """
    return resting.lease_owner is None and resting.wait_for is not None and stored.wait_for != resting.wait_for


def gave_up(step_state: JsonObject, waiting: WaitingFor, now: int) -> bool:
    """Whether a step has waited for its maximum time."""
    return now - int(str(step_state.get("since", now))) >= waiting.give_up_seconds * 1_000


def ended(task: Task, happening: Happening, body: JsonObject, now: int) -> TaskChange:
    """The task ends, and so does its current step; its secrets are deleted."""
    status = after(task.status, happening)
    events: list[NewEvent] = []
    for step in task.steps:
        if task.step_state(step.id).get("status") == "processing":
            change = step_ended(task, step, status, now)
            task, events = change.task, [*events, *change.events]
    state = {**task.state, "output": as_object(body.get("output"))}
    gone = replace(_awake(task), status=status, state=state, lease_owner=None, deadline_at=None, secrets_sealed=None)
    return TaskChange(gone, (*events, NewEvent("completion", body, now)))


def failure(name: str, message: str) -> JsonObject:
    """The body of a completion event for a failure, with the name of the error."""
    return {"message": f"Run failed: {message}", "error": {"name": name, "message": message}}


def cancelled(task: Task, now: int) -> TaskChange:
    """The task ends because it was cancelled."""
    return ended(task, "cancel", failure("CancelledError", "it was cancelled"), now)


def cancel_asked(task: Task, now: int) -> TaskChange:
    """Somebody cancels the task: it ends at once if no worker runs it, else before its next step."""
    if task.finished or task.cancel_requested:
        return TaskChange(task)
    event = NewEvent("cancelled", {"message": "Cancellation was requested"}, now)
    asked = replace(task, cancel_requested=True)
    if task.lease_owner is not None:
        return TaskChange(asked, (event,))
    done = cancelled(asked, now)
    return TaskChange(done.task, (event, *done.events))


def retried(task: Task, sealed: str | None, now: int, handover: int = HANDOVER_MILLISECONDS) -> TaskChange:
    """The task is run again from the first step that isn't completed, with secrets given again; see `handed_out`.

    Raises
    ------
    ConflictError   it neither failed nor was cancelled, or it was undone
    """
    if task.status not in {"failed", "cancelled"}:
        raise ConflictError(f"the task {task.id} is {task.status}; only a failed or cancelled task can be retried")
    if task.state.get("undone"):
        raise ConflictError(f"the task {task.id} was undone; submit a new one")
    done = {name: state for name, state in _steps(task).items() if as_object(state).get("status") == "completed"}
    again = replace(
        handed_out(task, now, handover).task,
        status=after(task.status, "retry"),
        attempt=task.attempt + 1,
        cancel_requested=False,
        secrets_sealed=sealed,
        state={**task.state, "steps": done, "recoveries": 0},
    )
    return TaskChange(again, (logged(f"Attempt {again.attempt}", now),))


def _awake(task: Task) -> Task:
    return replace(task, wake_at=None, wait_for=None, reason="")


def _steps(task: Task) -> JsonObject:
    return as_object(task.state.get("steps"))


def with_step(task: Task, step: Step, state: JsonObject) -> Task:
    """The task with this state of a step."""
    return replace(task, state={**task.state, "steps": {**_steps(task), step.id: state}})
