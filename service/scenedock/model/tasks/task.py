"""Tasks: every call of an action that changes something is one, as Backstage's scaffolder clients read it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

from scenedock.errors import ConflictError, InputError
from scenedock.model.json import Json, JsonObject, as_list, as_object
from scenedock.model.tasks.references import wrong_references
from scenedock.structs import dataclass, field

API_VERSION = "scaffolder.backstage.io/v1beta3"

Status: TypeAlias = Literal["open", "processing", "completed", "failed", "cancelled", "skipped"]
"""The status of a task or step, exactly as Backstage names it; further detail is in a task's `reason`."""
STATUSES: tuple[Status, ...] = get_args(Status)
FINAL: frozenset[Status] = frozenset({"completed", "failed", "cancelled", "skipped"})

Happening: TypeAlias = Literal["submit", "start", "wait", "complete", "fail", "cancel", "retry"]

TRANSITIONS: Mapping[tuple[Status | None, Happening], Status] = {
    (None, "submit"): "open",
    ("open", "start"): "processing",
    ("open", "cancel"): "cancelled",
    ("processing", "start"): "processing",  # resumed after a wait, or taken over from a worker that was lost
    ("processing", "wait"): "processing",  # for a time, an outside event or a seat; no worker is held
    ("processing", "complete"): "completed",
    ("processing", "fail"): "failed",
    ("processing", "cancel"): "cancelled",
    ("failed", "retry"): "open",
    ("cancelled", "retry"): "open",
}
"""The complete state machine of a task. Transitions that are not listed can't happen."""

EventType: TypeAlias = Literal["log", "completion", "cancelled", "recovered"]
"""The event types that Backstage's front end knows; it throws an error on any other."""

SortKey: TypeAlias = Literal["createdAt", "createdBy", "status"]
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)
"""The only fields that tasks may be sorted by: the order by any other could reveal data that the caller may not see."""

MOST_TASKS = 1_000
"""The maximum number of tasks in one page."""
COUNTED_BEYOND = 1_000
"""How many tasks are counted after those of a page: to count all would cost more than to read the page."""

_ALL = 2**53
_STEP_ID = re.compile(r"^[A-Za-z0-9_-]{1,100}$")
_STEP_KEYS = frozenset({"id", "name", "action", "input", "if", "each"})
_MOST_STEPS = 100
_DAY_MILLISECONDS = 86_400_000


def after(status: Status | None, happening: Happening) -> Status:
    """The status of a task after something has happened to it.

    Raises
    ------
    ConflictError   the transition is not possible from this status
    """
    try:
        return TRANSITIONS[status, happening]
    except KeyError:
        raise ConflictError(f"a task that is {status} can't {happening}") from None


class WaitingFor(Exception):  # noqa: N818 - no error: an action raises it to have its task wait
    """Raised by an action to be run again after an external event; no worker is held while it waits.

    `key` identifies the event (`pull-request:acme/apps#12`); when it happens, all tasks that wait for it are woken.
    Since a notification may be lost, the action also runs again every `check_seconds`, and so has to check whether the
    event has happened. After `give_up_seconds` in total the step fails. `told` is what people read instead of the key.
    """

    def __init__(
        self, key: str, *, check_seconds: float = 300, give_up_seconds: float = 30 * 86_400, told: str = ""
    ) -> None:
        super().__init__(key)
        self.key = key
        self.check_seconds = check_seconds
        self.give_up_seconds = give_up_seconds
        self.told = told or key


def end_of_retention(now: int, days: int) -> int:
    """The time in milliseconds before which ended tasks are deleted, if they are kept for this number of days."""
    return now - days * _DAY_MILLISECONDS


def fingerprint(key: str) -> str:
    """The digest that is stored for a key, which may have been derived from a secret."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an action and its unrendered input; `condition` is the `if` of a Template."""

    id: str
    name: str
    action: str
    input: JsonObject
    condition: bool | str = True

    def to_json(self) -> JsonObject:
        """The step in the form in which a task's spec stores it."""
        condition: JsonObject = {} if self.condition is True else {"if": self.condition}
        return {"id": self.id, "name": self.name, "action": self.action, "input": self.input, **condition}


def read_steps(spec: JsonObject, *, rendered: bool = False) -> tuple[Step, ...]:
    """The steps of a spec of the form TaskSpecV1beta3 (Backstage), with generated ids and names where they are missing.

    If `rendered` is set, nothing in the spec is a reference, whatever it looks like.

    Raises
    ------
    InputError   the spec is invalid; the message names the step
    """
    items = spec.get("steps")
    if not isinstance(items, Sequence) or isinstance(items, str) or not items:
        raise InputError("the task has no `steps`; give a list of at least one `{action, input}`", ("steps",))
    if len(items) > _MOST_STEPS:
        raise InputError(f"the task has {len(items):,} steps; at most {_MOST_STEPS} are run", ("steps",))
    steps: list[Step] = []
    wrong: list[InputError] = []
    for number, each in enumerate(items, 1):
        try:
            steps.append(_read_step(each, number))
        except InputError as error:
            wrong.append(error)
    if wrong:
        raise InputError.of(wrong)
    ids = [step.id for step in steps]
    for index, step in enumerate(steps):
        if step.id in ids[:index]:
            wrong.append(
                _wrong_step(index + 1, f"the id `{step.id}` is used by an earlier step; ids must be unique", "id")
            )
        references = () if rendered else (("input", step.input), ("if", step.condition))
        for key, value in references:
            wrong += wrong_references(value, f"step {index + 1}", ids[:index], ("steps", index, key))
    wrong += wrong_references(spec.get("output"), "output", ids, ("output",))
    if wrong:
        raise InputError.of(wrong)
    return tuple(steps)


def _read_step(item: Json, number: int) -> Step:
    if not isinstance(item, Mapping) or not isinstance(item.get("action"), str):
        raise _wrong_step(number, "must be an object with an `action`")
    if unknown := sorted(set(item) - _STEP_KEYS):
        raise _wrong_step(
            number, f"`{unknown[0]}` is not a key of a step; the keys are: {', '.join(sorted(_STEP_KEYS))}", unknown[0]
        )
    if item.get("each") is not None:
        raise _wrong_step(number, "`each` is not supported; write one step for each item", "each")
    step_id = item.get("id", f"step-{number}")
    if not isinstance(step_id, str) or not _STEP_ID.match(step_id):
        raise _wrong_step(number, "`id` must be letters, digits, - and _ (at most 100)", "id")
    name, values, condition = item.get("name", item["action"]), item.get("input", {}), item.get("if", True)
    if not isinstance(name, str) or not isinstance(values, Mapping) or not isinstance(condition, bool | str):
        raise _wrong_step(number, "`name` must be text, `input` an object, and `if` true, false or text")
    return Step(step_id, name, str(item["action"]), values, condition)


def _wrong_step(number: int, message: str, *key: str) -> InputError:
    return InputError(f"step {number}: {message}", ("steps", number - 1, *key))


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One event of a task: a log line, a new status of a step, or the end.

    `id` increases by one within a task, in the order in which events become visible. `attempt` counts from 1.
    `created_at` is in milliseconds since 1970.
    """

    task_id: str
    id: int
    attempt: int
    type: EventType
    body: JsonObject
    created_at: int
    step_id: str | None = None
    step_status: Status | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task as it is stored; times are milliseconds since 1970, `spec` never changes.

    `state` is `{steps: {id: {status, output, …}}, checkpoints, output, recoveries, caller, rendered}`. `run` counts how
    often the task was assigned to a worker: a worker with an older number may no longer write. `wait_for` is the
    fingerprint of the key that the task waits for, also while the task checks whether the event has happened.
    """

    id: str
    spec: JsonObject
    status: Status
    created_at: int
    created_by: str | None = None
    reason: str = ""
    heartbeat_at: int | None = None
    lease_owner: str | None = None
    cancel_requested: bool = False
    attempt: int = 1
    run: int = 1
    wake_at: int | None = None
    wait_for: str | None = None
    deadline_at: int | None = None
    last_event: int = 0
    state: JsonObject = field(default_factory=dict)
    secrets_sealed: str | None = field(default=None, repr=False)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, as they were stored."""
        return tuple(
            Step(str(step["id"]), str(step["name"]), str(step["action"]), as_object(step["input"]), _condition(step))
            for step in map(as_object, as_list(self.spec["steps"]))
        )

    def step_state(self, step_id: str) -> JsonObject:
        """The state of a step in the current attempt: `status`, `output` and the number of tries."""
        return as_object(as_object(self.state.get("steps")).get(step_id))

    @property
    def finished(self) -> bool:
        """Whether it has ended, permanently or until somebody retries it."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """A query for tasks; `created_by` None means those of everybody. The newest come first unless `order` is set."""

    created_by: tuple[str, ...] | None = None
    status: tuple[Status, ...] = ()
    order: tuple[tuple[SortKey, Literal["asc", "desc"]], ...] = (("createdAt", "desc"),)
    limit: int = 50
    offset: int = 0

    @property
    def most_counted(self) -> int:
        """How many tasks are counted at most: enough for pages further on; all if only their number is asked for."""
        return self.offset + self.limit + COUNTED_BEYOND if self.limit else _ALL


def _condition(step: JsonObject) -> bool | str:
    condition = step.get("if", True)
    return condition if isinstance(condition, bool | str) else True
