"""What happens to a task: each function answers the task as it is afterwards, and the events that tell of it.

They are the only way in which a task changes; the store writes task and events in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from scenedock.errors import BUG, ConflictError
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.model.tasks.task import EventType, Happening, Status, Step, Task, WaitingFor, after

HANDOVER_MILLISECONDS = 5_000
"""How long a task that was handed to a worker may stay unclaimed before it is handed out again."""
MOST_RECOVERIES = 10
"""How many workers a task may lose in one step before it is taken for what kills them."""
_LONGEST_MESSAGE = 20_000


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that the store will number."""

    type: EventType
    body: JsonObject
    created_at: int
    step_id: str | None = None
    step_status: Status | None = None


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A task as it is after something happened, and what is told of it."""

    task: Task
    events: tuple[NewEvent, ...] = ()


class LeaseLostError(Exception):
    """Somebody else runs the task by now (or it has ended): whoever gets this stops and writes nothing."""


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
    """A log line, with a step's new status if it tells of one."""
    body: dict[str, Json] = {"message": message[:_LONGEST_MESSAGE]}
    body |= {"stepId": step_id} if step_id else {}
    body |= {"status": status} if status else {}
    return NewEvent("log", body, now, step_id, status)


def started(task: Task, run: int, owner: str, now: int) -> TaskChange:
    """A worker begins to work on the task, at first or again.

    Raises
    ------
    LeaseLostError   this run of the task is not the present one
    """
    if task.run != run or task.finished or task.lease_owner is not None:
        raise LeaseLostError(task.id)
    status = after(task.status, "start")
    # It goes on waiting while it looks whether that has happened: word of it that comes meanwhile is not lost.
    looking = replace(_awake(task), wait_for=task.wait_for)
    return TaskChange(replace(looking, status=status, lease_owner=owner, heartbeat_at=now))


def handed_out(task: Task, now: int, handover: int = HANDOVER_MILLISECONDS) -> TaskChange:
    """The task is handed to a worker once more; whoever had it before may write nothing more.

    `handover` is after how many milliseconds it is due again if nobody has begun it.
    """
    return TaskChange(replace(task, run=task.run + 1, lease_owner=None, wake_at=now + handover))


def lost(task: Task, now: int) -> TaskChange:
    """The task's worker is gone: it is handed out again, or fails if that happened too often."""
    recoveries = int(str(task.state.get("recoveries", 0))) + 1
    if recoveries > MOST_RECOVERIES:
        return ended(task, "fail", failure(BUG, f"{recoveries} workers died in one step of it"), now)
    told = NewEvent("recovered", {"message": "its worker was lost; it goes on", "recoverStrategy": "none"}, now)
    again = handed_out(replace(task, state={**task.state, "recoveries": recoveries}, deadline_at=None), now)
    return TaskChange(replace(again.task, reason="worker lost"), (told,))


def step_began(task: Task, step: Step, now: int, deadline_at: int) -> TaskChange:
    """A step begins, or is tried again after a wait."""
    before = task.step_state(step.id)
    state = {**before, "status": "processing", "since": before.get("since", now)}
    told = logged(f"Beginning step {step.name}", now, step.id, "processing")
    return TaskChange(
        replace(with_step(task, step, state), deadline_at=deadline_at), () if before.get("since") else (told,)
    )


def step_ended(task: Task, step: Step, status: Status, now: int, output: JsonObject | None = None) -> TaskChange:
    """A step has ended; from here on it is never run again in this attempt or, if completed, in any."""
    state: dict[str, Json] = {"status": status}
    state |= {"output": output} if output is not None else {}
    told = logged(f"{_WORDS[status]} step {step.name}", now, step.id, status)
    after_it = with_step(task, step, state)
    state_after = {**after_it.state, "recoveries": 0}
    return TaskChange(replace(after_it, deadline_at=None, wait_for=None, state=state_after), (told,))


_WORDS: Mapping[Status, str] = {
    "completed": "Finished",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "skipped": "Skipped",
}


def rested(task: Task, now: int, *, wake_at: int, wait_for: str | None, reason: str) -> TaskChange:
    """The task waits and holds no worker meanwhile."""
    status = after(task.status, "wait")
    waiting = replace(task, status=status, wake_at=wake_at, wait_for=wait_for, reason=reason)
    told = logged(f"Waiting: {reason}", now)
    again = wait_for is not None and task.wait_for == wait_for
    return TaskChange(replace(waiting, lease_owner=None, deadline_at=None), () if again else (told,))


def overtaken(stored: Task, resting: Task) -> bool:
    """Whether word of what a task will wait for may have come before it was known to wait for it.

    `stored` is what others see of the task, which begins to rest. It has then to look once more, at once: at first,
    because nobody could tell it anything, and later, because who wakes a task that is looking takes its wait away.
    """
    return resting.lease_owner is None and resting.wait_for is not None and stored.wait_for != resting.wait_for


def gave_up(step_state: JsonObject, waiting: WaitingFor, now: int) -> bool:
    """Whether a step has waited for as long as it may."""
    return now - int(str(step_state.get("since", now))) >= waiting.give_up_seconds * 1_000


def ended(task: Task, happening: Happening, body: JsonObject, now: int) -> TaskChange:
    """The task ends, and with it the step that it was at; its secrets are gone from now on."""
    status = after(task.status, happening)
    told: list[NewEvent] = []
    for step in task.steps:
        if task.step_state(step.id).get("status") == "processing":
            change = step_ended(task, step, status, now)
            task, told = change.task, [*told, *change.events]
    state = {**task.state, "output": as_object(body.get("output"))}
    gone = replace(_awake(task), status=status, state=state, lease_owner=None, deadline_at=None, secrets_sealed=None)
    return TaskChange(gone, (*told, NewEvent("completion", body, now)))


def failure(name: str, message: str) -> JsonObject:
    """What a completion says of a failure, with Backstage's name of the error."""
    return {"message": f"Run failed: {message}", "error": {"name": name, "message": message}}


def cancelled(task: Task, now: int) -> TaskChange:
    """The task ends because somebody wished so."""
    return ended(task, "cancel", failure("CancelledError", "it was cancelled"), now)


def cancel_asked(task: Task, now: int) -> TaskChange:
    """Somebody wishes that the task ends: at once where no worker has it, else before its next step begins."""
    if task.finished or task.cancel_requested:
        return TaskChange(task)
    told = NewEvent("cancelled", {"message": "Cancelling was asked for"}, now)
    asked = replace(task, cancel_requested=True)
    if task.lease_owner is not None:
        return TaskChange(asked, (told,))
    done = cancelled(asked, now)
    return TaskChange(done.task, (told, *done.events))


def retried(task: Task, sealed: str | None, now: int, handover: int = HANDOVER_MILLISECONDS) -> TaskChange:
    """The task is run again from the first step that isn't completed, with secrets given anew; see `handed_out`.

    Raises
    ------
    ConflictError   it didn't fail and wasn't cancelled
    """
    if task.status not in {"failed", "cancelled"}:
        raise ConflictError(f"the task {task.id} is {task.status}; only a failed or cancelled one can be retried")
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
    """The task with this known of a step."""
    return replace(task, state={**task.state, "steps": {**_steps(task), step.id: state}})
