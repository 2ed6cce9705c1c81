"""Submitting a task: judged whole before anything is stored, and stored before it is acknowledged."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scenedock.effects.tasks.effects import TaskEffects
from scenedock.errors import InputError, NotAllowedError
from scenedock.model.action import Action, Caller
from scenedock.model.json import Json, JsonObject
from scenedock.model.redaction import check_size, sensitive_texts
from scenedock.model.tasks.references import is_reference
from scenedock.model.tasks.task import API_VERSION, Step, Task, after, read_steps

_OBJECTS = ("parameters", "output", "templateInfo")
_KNOWN = frozenset({"apiVersion", "steps", "user", *_OBJECTS})
"""What TaskSpecV1beta3 has; who submitted it is known from elsewhere than `user`."""


def submit_task(
    effects: TaskEffects,
    actions: Iterable[Action[Any]],
    caller: Caller,
    spec: JsonObject,
    *,
    secrets: Mapping[str, str] | None = None,
    key: str = "",
    rendered: bool = False,
) -> Task:
    """Take a task over: when this returns, the task will end, whatever happens to this process.

    `spec` has TaskSpecV1beta3's shape; `steps` is all it needs. The same `key` of the same caller gives the same task.
    Inputs that are `rendered` are data: what looks like a reference in them is somebody's text, and stays it.
    What an action's input holds that is sensitive is kept sealed and out of the stored spec.

    Raises
    ------
    InputError        the spec is wrong (the message names the step), or the secrets are too large
    NotAllowedError   the caller may not run one of the actions
    """
    _check(spec)
    steps = read_steps(spec, rendered=rendered)
    known = {action.id: action for action in actions}
    for step in steps:
        _judge(step, known, caller, rendered=rendered)
    task_id, now = str(uuid.uuid4()), effects.clock()
    hidden = {step.id: _sensitive(known[step.action], step.input) for step in steps}
    check_size([*(secrets or {}).values(), *sensitive_texts(hidden)])
    task = Task(
        id=task_id,
        spec=_stored_spec(spec, steps, known, caller),
        status=after(None, "submit"),
        created_at=now,
        created_by=identity(caller),
        wake_at=now + effects.engine.handover_milliseconds,
        state={"steps": {}, "checkpoints": {}, "caller": _caller(caller), "rendered": rendered},
        secrets_sealed=effects.seal.close(
            task_id, {"secrets": dict(secrets or {}), "inputs": {step: each for step, each in hidden.items() if each}}
        ),
    )
    stored = effects.store.add(
        task, _unique(caller, key), lambda connection: effects.engine.submit(connection, task.id, task.run)
    )
    if stored.id == task_id:
        effects.engine.start(task.id, task.run)
    return stored


def one_action(action: Action[Any], given: JsonObject) -> JsonObject:
    """The spec of a task of one step, for a door that invokes one action; its input is rendered."""
    return {"steps": [{"id": action.name, "name": action.title, "action": action.id, "input": given}]}


def identity(caller: Caller) -> str:
    """Who a task belongs to: the user on whose behalf, else whoever called."""
    return caller.user or caller.subject


def _check(spec: JsonObject) -> None:
    if unknown := sorted(set(spec) - _KNOWN):
        raise InputError(f"`{unknown[0]}` is not known; a task has: {', '.join(sorted(_KNOWN))}")
    for name in _OBJECTS:
        if not isinstance(spec.get(name), Mapping | None):
            raise InputError(f"`{name}` must be an object")


def _judge(step: Step, known: Mapping[str, Action[Any]], caller: Caller, *, rendered: bool) -> None:
    action = known.get(step.action)
    if action is None:
        raise InputError(f"step {step.id}: there is no action `{step.action}`; there are: {', '.join(sorted(known))}")
    if refused := action.refused_to(caller):
        raise NotAllowedError(f"step {step.id}: {refused}")
    if rendered or not is_reference(step.input):
        action.check(step.input)


def _sensitive(action: Action[Any], given: JsonObject) -> JsonObject:
    shown = action.redacted(given)
    return {name: value for name, value in given.items() if shown.get(name) != value}


def _stored_spec(
    spec: JsonObject, steps: Sequence[Step], known: Mapping[str, Action[Any]], caller: Caller
) -> JsonObject:
    kept: dict[str, Json] = {"apiVersion": API_VERSION, "parameters": {}, "output": {}}
    kept |= {name: spec[name] for name in _OBJECTS if spec.get(name) is not None}
    kept["steps"] = [
        {**step.to_json(), "input": {**step.input, **known[step.action].redacted(step.input)}} for step in steps
    ]
    return {**kept, "user": {"ref": caller.user} if caller.user else {}}


def _caller(caller: Caller) -> JsonObject:
    return {"subject": caller.subject, "kind": caller.kind, "user": caller.user, "scope": caller.scope}


def _unique(caller: Caller, key: str) -> str | None:
    return hashlib.sha256(f"{identity(caller)}\n{key}".encode()).hexdigest() if key else None
