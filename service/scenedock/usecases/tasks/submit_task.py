"""Submitting a task: validated completely before anything is stored, and stored before it is acknowledged."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from scenedock.effects.tasks.effects import TaskEffects
from scenedock.errors import ConflictError, InputError, NotAllowedError
from scenedock.model.action import Action, Caller
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.model.redaction import check_size, sensitive_texts
from scenedock.model.tasks.references import is_reference
from scenedock.model.tasks.task import API_VERSION, Step, Task, after, read_steps
from scenedock.usecases.permissions import Permit

_OWN_KEYS = ("scenedock:", "form ", "undo ", "given ")
"""How the keys begin that the service makes itself."""
_OBJECTS = ("parameters", "output", "templateInfo")
_KNOWN = frozenset({"apiVersion", "steps", "user", "onFailure", *_OBJECTS})
"""The keys of TaskSpecV1beta3, and what happens when a step fails; `user` is not used to identify who submitted it."""


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
    """Accept a task: when this returns, the task will run to its end, whatever happens to this process.

    `spec` has the form of TaskSpecV1beta3; only `steps` is required. The same `key` from the same caller returns the
    same task. Inputs that are `rendered` are data: a text in them that looks like a reference is not resolved.
    Sensitive values of an action's input are stored encrypted, outside of the spec.

    Raises
    ------
    InputError        the spec is invalid (messages name the step, parts the place), or the secrets are too large
    NotAllowedError   the caller may not run one of the actions
    """
    by_id = {action.id: action for action in actions}
    steps = _checked_steps(spec, by_id, caller, rendered=rendered)
    task_id, now = str(uuid.uuid4()), effects.clock()
    hidden = {step.id: _sensitive(by_id[step.action], step.input) for step in steps}
    check_size([*(secrets or {}).values(), *sensitive_texts(hidden)])
    task = Task(
        id=task_id,
        spec=_stored_spec(spec, steps, by_id, caller),
        status=after(None, "submit"),
        created_at=now,
        created_by=identity(caller),
        wake_at=now + effects.engine.handover_milliseconds,
        state={"steps": {}, "checkpoints": {}, "caller": _caller(caller), "rendered": rendered, **_rules(effects)},
        secrets_sealed=effects.seal.close(
            task_id, {"secrets": dict(secrets or {}), "inputs": {step: each for step, each in hidden.items() if each}}
        ),
    )
    stored = effects.store.add(task, _unique(caller, key), effects.engine.submit)
    if stored.id == task_id:
        effects.engine.start(task.id, task.run)
    return stored


def submit_once(
    effects: TaskEffects,
    actions: Iterable[Action[Any]],
    caller: Caller,
    spec: JsonObject,
    *,
    secrets: Mapping[str, str] | None = None,
    key: str = "",
) -> Task:
    """Accept a task as `submit_task` does, where a key means one spec: the same JSON, in whatever order its keys are.

    Secrets and sensitive inputs are not compared: they aren't kept, and a caller that tries again may have new ones.

    Raises
    ------
    InputError, NotAllowedError   as `submit_task` does
    ConflictError                 the key is that of a task with another spec
    """
    given = f"given {key}" if key.startswith(_OWN_KEYS) else key  # never that of a task which the service submits
    task = submit_task(effects, actions, caller, spec, secrets=secrets, key=given)
    if key:
        by_id = {action.id: action for action in actions}
        steps = _checked_steps(spec, by_id, caller, rendered=False)
        if _canonical(task.spec) != _canonical(_stored_spec(spec, steps, by_id, caller)):
            raise ConflictError(f"this key is that of task {task.id}, which has another spec; use a new key")
    return task


def permit_task(actions: Iterable[Action[Any]], spec: JsonObject, permit: Permit) -> None:
    """Ask about each step of a task whether its action may be run, before the task is submitted.

    Raises
    ------
    NotAllowedError   the caller may not run one of the actions
    """
    with suppress(InputError):  # which `submit_task` reports, together with what else is invalid
        permit_steps(read_steps(spec), actions, permit)


def permit_steps(
    steps: Iterable[Step], actions: Iterable[Action[Any]], permit: Permit, *, rendered: bool = False
) -> None:
    """Ask about each step whether its action may be run; an input with references isn't known before it runs.

    Raises
    ------
    NotAllowedError   the caller may not run one of the actions
    """
    by_id = {action.id: action for action in actions}
    for step in steps:
        if action := by_id.get(step.action):
            permit(action, step.input if rendered or not is_reference(step.input) else None, step.input)


def one_action(action: Action[Any], values: JsonObject) -> JsonObject:
    """The spec of a task of one step, for a door that invokes one action; its input is rendered."""
    return {"steps": [{"id": action.name, "name": action.title, "action": action.id, "input": values}]}


def identity(caller: Caller) -> str:
    """The owner of a task: the user on whose behalf it was submitted, else the caller."""
    return caller.user or caller.subject


def stored_caller(task: Task) -> Caller:
    """Who submitted a task; without the token."""
    stored = dict(as_object(task.state.get("caller")))
    groups = stored.pop("groups", None)
    known = None if groups is None else frozenset(map(as_text, as_list(groups)))
    return Caller(**stored, groups=known)  # type: ignore[arg-type] # as `_caller` wrote it


def _checked_steps(
    spec: JsonObject, by_id: Mapping[str, Action[Any]], caller: Caller, *, rendered: bool
) -> tuple[Step, ...]:
    wrong = [*_wrong_keys(spec)]
    try:
        steps = read_steps(spec, rendered=rendered)
    except InputError as error:
        raise InputError.of([*wrong, *error.parts]) from None
    for index, step in enumerate(steps):
        wrong += _wrong_parts(step, index, by_id, caller, rendered=rendered)
    if wrong:
        raise InputError.of(wrong)
    return steps


def _wrong_keys(spec: JsonObject) -> Iterator[InputError]:
    for name in sorted(set(spec) - _KNOWN):
        yield InputError(f"`{name}` is not a key of a task; the keys are: {', '.join(sorted(_KNOWN))}", (name,))
    if spec.get("onFailure") not in {None, "undo"}:
        yield InputError("`onFailure` must be `undo`, or not be there", ("onFailure",))
    for name in _OBJECTS:
        if not isinstance(spec.get(name), Mapping | None):
            yield InputError(f"`{name}` must be an object", (name,))


def _wrong_parts(
    step: Step, index: int, by_id: Mapping[str, Action[Any]], caller: Caller, *, rendered: bool
) -> Iterator[InputError]:
    action = by_id.get(step.action)
    if action is None:
        message = f"step {step.id}: there is no action `{step.action}`; the actions are: {', '.join(sorted(by_id))}"
        yield InputError(message, ("steps", index, "action"))
        return
    if refused := action.refused_to(caller):
        raise NotAllowedError(f"step {step.id}: {refused}")
    if rendered or not is_reference(step.input):
        try:
            action.check(step.input)
        except InputError as error:
            yield InputError(str(error), ("steps", index, "input"))


def _sensitive(action: Action[Any], values: JsonObject) -> JsonObject:
    shown = action.redacted(values)
    return {name: value for name, value in values.items() if shown.get(name) != value}


def _stored_spec(
    spec: JsonObject, steps: Sequence[Step], by_id: Mapping[str, Action[Any]], caller: Caller
) -> JsonObject:
    kept: dict[str, Json] = {"apiVersion": API_VERSION, "parameters": {}, "output": {}}
    kept |= {name: spec[name] for name in (*_OBJECTS, "onFailure") if spec.get(name) is not None}
    kept["steps"] = [
        {**step.to_json(), "input": {**step.input, **by_id[step.action].redacted(step.input)}} for step in steps
    ]
    return {**kept, "user": {"ref": caller.user} if caller.user else {}}


def _rules(effects: TaskEffects) -> JsonObject:
    """The rules about approvals that were there, so that no worker without any runs the task as if there were none."""
    return {"rules": effects.rules} if effects.rules else {}


def _caller(caller: Caller) -> JsonObject:
    groups: JsonObject = {} if caller.groups is None else {"groups": sorted(caller.groups)}
    return {"subject": caller.subject, "kind": caller.kind, "user": caller.user, "scope": caller.scope, **groups}


def _canonical(spec: JsonObject) -> str:
    """A spec as text: the same for the same JSON, in which 1, 1.0 and true are different."""
    return json.dumps(spec, sort_keys=True)


def _unique(caller: Caller, key: str) -> str | None:
    return hashlib.sha256(f"{identity(caller)}\n{key}".encode()).hexdigest() if key else None
