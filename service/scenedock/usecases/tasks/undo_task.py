"""Undo a task: another task, whose steps take back what the completed steps have done, the last one first.

Each of these steps is recorded when it has completed, as any is: so an undo that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Annotated, Any

from scenedock.effects.tasks.effects import TaskEffects
from scenedock.errors import ConflictError, NotFoundError, TemporaryError
from scenedock.model.action import Action, Caller, Context, action
from scenedock.model.json import JsonObject, as_object
from scenedock.model.json_documents import Model
from scenedock.model.tasks.changes import TaskChange
from scenedock.model.tasks.compensations import DoneStep
from scenedock.model.tasks.task import Step, Task
from scenedock.structs import replace
from scenedock.usecases.permissions import Permit
from scenedock.usecases.tasks.manage_tasks import retry_task, show_task
from scenedock.usecases.tasks.submit_task import permit_steps, stored_caller, submit_task


class Input(Model):
    """The step to take back."""

    task_id: Annotated[str, "Id of the task"]
    step_id: Annotated[str, "Id of its step"]


class Output(Model):
    """What was taken back."""

    undone: Annotated[tuple[str, ...], "What was taken back, and what stays and why"]


def undo_step_action(effects: TaskEffects, actions: Iterable[Action[Any]]) -> Action[Any]:
    """The action that takes back one step; it is in no list, because only `undo_task` submits it."""
    by_id = {each.id: each for each in actions}

    @action("undo-step", destructive=True, idempotent=True)
    def undo_step(context: Context[Any], request: Input) -> Output:
        """Take back what a completed step of another task has done."""
        task = effects.store.get(request.task_id)
        if not task.finished:
            raise TemporaryError(f"the task {task.id} hasn't ended yet", retry_after=1)
        if not task.state.get("undone"):
            raise ConflictError(f"the task {task.id} is {task.status} after all, so nothing is taken back")
        step = next((each for each in task.steps if each.id == request.step_id), None)
        compensation = _compensation(step, by_id) if step else None
        if compensation is None:
            raise NotFoundError(f"the task {task.id} has no step {request.step_id!r} that can be taken back")
        output = as_object(task.step_state(request.step_id).get("output"))
        said = tuple(compensation(context, DoneStep(task.id, request.step_id, output)))
        for sentence in said:
            context.log(sentence)
        return Output(undone=said)

    return undo_step


def undo_task(
    effects: TaskEffects,
    actions: Iterable[Action[Any]],
    caller: Caller,
    task_id: str,
    permit: Permit = lambda _action, _values, _written: None,
) -> Task:
    """Submit the task that takes back what a task has done; the same again gives the same one.

    A task that was undone can't be retried: its completed steps would be missing. If what takes it back has failed or
    was cancelled, that is retried.

    Raises
    ------
    NotFoundError     there is no task with this id that the caller may see
    NotAllowedError   the caller may not run one of the actions
    ConflictError     it hasn't ended, or nothing in it can be taken back
    """
    listed = tuple(actions)
    by_id = {each.id: each for each in listed}
    seen = show_task(effects, caller, task_id)
    done = _done(seen, by_id)
    if not seen.finished:
        raise ConflictError(f"the task {task_id} is {seen.status}; cancel it first")
    if not done:
        raise ConflictError(f"nothing that the task {task_id} has done can be taken back")
    permit_steps(done, listed, permit, rendered=bool(seen.state.get("rendered")))
    effects.store.change(task_id, _undone, lasting=True)
    undoing = _submitted(effects, listed, caller, seen, done)
    if undoing.status not in {"failed", "cancelled"}:
        return undoing
    with suppress(ConflictError):  # another call has already retried it
        return retry_task(effects, caller, undoing.id, {})
    return effects.store.get(undoing.id)


def undo_failing(effects: TaskEffects, actions: Iterable[Action[Any]], task: Task) -> Task:
    """The task as it must end, if its spec says that its failure undoes it; what does that is submitted before.

    Should this process die before the end is stored, the task goes on, and may complete: then nothing is taken back.
    """
    listed = tuple(actions)
    done = _done(task, {each.id: each for each in listed})
    if task.spec.get("onFailure") != "undo" or not done:
        return task
    _submitted(effects, listed, stored_caller(task), task, done)
    return replace(task, state={**task.state, "undone": True})


def _submitted(
    effects: TaskEffects, actions: Iterable[Action[Any]], caller: Caller, task: Task, done: Iterable[Step]
) -> Task:
    steps: list[JsonObject] = [
        {
            "id": f"undo-{number}",
            "name": f"Undo {step.name}",
            "action": "scenedock:undo-step",
            "input": {"taskId": task.id, "stepId": step.id},
        }
        for number, step in enumerate(done, 1)
    ]
    own = undo_step_action(effects, actions)
    everything = replace(caller, actions=())  # who may run the actions may take back what they did
    key = f"undo {task.id} {task.attempt}"
    return submit_task(effects, [own], everything, {"steps": steps}, key=key, rendered=True)


def can_undo(actions: Iterable[Action[Any]], task: Task) -> bool:
    """Whether a task has ended, was not undone, and has done something that can be taken back."""
    return task.finished and not task.state.get("undone") and bool(_done(task, {each.id: each for each in actions}))


def _done(task: Task, by_id: Mapping[str, Action[Any]]) -> list[Step]:
    """The completed steps that can be taken back, the last one first."""
    completed = [step for step in reversed(task.steps) if task.step_state(step.id).get("status") == "completed"]
    return [step for step in completed if _compensation(step, by_id)]


def _compensation(step: Step, by_id: Mapping[str, Action[Any]]) -> Any:
    action = by_id.get(step.action)
    return action.compensation if action else None


def _undone(task: Task) -> TaskChange:
    if not task.finished:
        raise ConflictError(f"the task {task.id} was retried meanwhile; cancel it first")
    return TaskChange(replace(task, state={**task.state, "undone": True}))
