"""Actions and skeletons: what they do, and forms that run them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from flask import Response, g, request

from scenedock.actions.effects import Effects
from scenedock.documents.writing import write_documents
from scenedock.doors.http.rendering.forms import FORM_ID, Field, fields_of, read_form
from scenedock.doors.http.rendering.page import PAGE, address, page, plural
from scenedock.doors.http.requests.access import NOBODY, NOT_SIGNED_IN
from scenedock.doors.http.requests.invoking import listed_actions
from scenedock.doors.http.requests.visitors import go_to, may_send_forms
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import AuthenticationError, ScenedockError, TemporaryError
from scenedock.model.action import Action, Context
from scenedock.model.addresses import without_credentials
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.runtime.calls import audit
from scenedock.runtime.service import Service
from scenedock.skeletons.problems import AnswersError
from scenedock.usecases.run_action import find_action
from scenedock.usecases.skeletons.list_skeletons import (
    check_skeleton_answers,
    list_skeletons,
    nested_choices,
    show_skeleton,
)
from scenedock.usecases.tasks.submit_task import one_action, submit_task

_BAKE: Final = "bake-skeleton"
_SECONDS_TO_WAIT: Final = 55.0
"""For a read-only action: less than the timeouts of proxies."""


def list_actions_for_people(service: Service) -> Response:
    """List the actions that the person may run, and the skeletons if that is one of them."""
    actions = listed_actions(service)
    return page(
        "actions.html",
        actions=actions,
        may_bake=any(each.name == _BAKE for each in actions),
        skeletons=list_skeletons(service.effects.skeletons),
    )


def show_action(service: Service, name: str) -> Response:
    """Show what an action does, with the form that runs it, filled in with what the address says."""
    action = _action(service, name)
    return _action_page(action, fields_of(_schema(action), filled=request.args))


def run_action_from_form(service: Service, name: str) -> Response:
    """Run an action with what its form has brought: as a task, or at once if it is read-only."""
    action = _action(service, name)
    schema = _schema(action)
    sent = read_form(schema, request.form)
    problems = sent.problems or action.problems(sent.values)
    if problems:
        fields = fields_of(schema, request.form, problems)
        return _action_page(action, fields, _notice("Nothing was run", fields, problems))
    if not action.attributes.read_only:
        return _submitted(service, action, sent.values)
    try:
        output = _output(service, action, sent.values)
    except ScenedockError as error:  # what was typed stays
        answer = _action_page(action, fields_of(schema, request.form), without_credentials(str(error)))
        answer.status_code = error.status
        return answer
    return page("output.html", action=action, values=write_documents([sent.values]), output=write_documents([output]))


def show_skeleton_form(service: Service, name: str) -> Response:
    """Show the questions of a skeleton, with the form that bakes it."""
    _action(service, _BAKE)  # whoever may not bake need not have repositories fetched
    chosen = nested_choices(service.effects.skeletons, name, request.args)
    return _skeleton_page(name, fields_of(show_skeleton(service.effects.skeletons, name, chosen)))


def bake_from_form(service: Service, name: str) -> Response:
    """Bake a skeleton with the answers of its form, as a task."""
    action = _action(service, _BAKE)
    chosen = nested_choices(service.effects.skeletons, name, request.args)
    schema = show_skeleton(service.effects.skeletons, name, chosen)
    sent = read_form(schema, request.form)
    fields, problems = fields_of(schema), dict(sent.problems)
    if not problems:
        try:
            check_skeleton_answers(service.effects.skeletons, name, {**chosen, **sent.values})
        except AnswersError as error:
            problems = {each.question: each.message for each in error.problems}
    if problems:
        fields = fields_of(schema, request.form, problems)
        return _skeleton_page(name, fields, _notice("Nothing was baked", fields, problems))
    hidden = {
        field.name: sent.values[field.name]
        for field in fields
        if field.kind == "password" and field.name in sent.values
    }
    values: dict[str, Json] = {
        "skeleton": name,
        "answers": {**chosen, **{key: each for key, each in sent.values.items() if key not in hidden}},
    }
    if hidden:
        values["secretAnswers"] = hidden
    return _submitted(service, action, values)


def _action(service: Service, name: str) -> Action[Effects]:
    """An action that the caller may run.

    Raises
    ------
    NotFoundError         there is no such action
    AuthenticationError   nobody has signed in, who might run it
    NotAllowedError       the caller may not run it
    """
    listed = partial(listed_actions, service)
    action = find_action(service.actions, name, listed)
    if action not in listed():
        if g.caller is NOBODY:
            raise AuthenticationError(NOT_SIGNED_IN)
        service.permissions.check(g.caller, g.request_id, action, None)
    return action


def _schema(action: Action[Effects]) -> JsonObject:
    """The schema of an action's form: its input without `requestId`, instead of which a form has an id of its own."""
    schema = action.input_schema()
    properties = as_object(schema.get("properties"))
    return {**schema, "properties": {name: rules for name, rules in properties.items() if name != "requestId"}}


def _notice(outcome: str, fields: Sequence[Field], problems: Mapping[str, str]) -> str:
    """What stands above a form with problems: how many fields have one, and those that no field shows."""
    wrong = [field for field in fields if field.error]
    told = [f"{plural(len(wrong), 'field')} must be corrected"] if wrong else []
    names = {field.name for field in fields}
    told += [f"`{name}` {message}" if name else message for name, message in problems.items() if name not in names]
    return f"{outcome}: {'; '.join(told)}."


def _submitted(service: Service, action: Action[Effects], values: JsonObject) -> Response:
    """Submit a task of one action, once for each form and its values, and go to it."""
    service.permissions.check(g.caller, g.request_id, action, values)
    action.check(values)
    form = request.form.get(FORM_ID, "")[:100]
    effects = service.tasks.effects
    task = submit_task(
        effects,
        service.tasks.actions,
        g.caller,
        one_action(action, values),
        key=f"form {action.id} {form} {effects.seal.digest(json.dumps(values, sort_keys=True))}" if form else "",
        rendered=True,
    )
    audit(
        action, Context(g.caller, service.effects, request_id=g.request_id), values, "submitted", f"task {task.id}", 0
    )
    g.audited = True
    return go_to(address("/tasks", task.id))


def _output(service: Service, action: Action[Effects], values: JsonObject) -> JsonObject:
    service.permissions.check(g.caller, g.request_id, action, values)
    g.audited = True
    call = service.calls.start(action, Context(g.caller, service.effects, request_id=g.request_id), values)
    try:
        return as_object(call.result(_SECONDS_TO_WAIT))
    except TimeoutError:
        raise TemporaryError(f"{action.id} takes long; try again later", retry_after=60) from None


def _action_page(action: Action[Effects], fields: Sequence[Field], notice: str = "") -> Response:
    return page(
        "action.html",
        action=action,
        fields=fields,
        notice=notice,
        form_id=uuid.uuid4().hex,
        examples=[(each.description, write_documents([each.input])) for each in action.examples],
        can_send=may_send_forms(),
    )


def _skeleton_page(name: str, fields: Sequence[Field], notice: str = "") -> Response:
    return page(
        "skeleton.html",
        name=name,
        fields=fields,
        notice=notice,
        form_id=uuid.uuid4().hex,
        can_send=may_send_forms(),
    )


_RUN: Final = {**PAGE, 303: Answer("To the task")}

ROUTES: Final = (
    Route("GET", "/actions", "page", list_actions_for_people, PAGE),
    Route("GET", "/actions/{name}", "page", show_action, PAGE),
    Route("POST", "/actions/{name}", "form", run_action_from_form, _RUN),
    Route("GET", "/skeletons/{name}", "page", show_skeleton_form, PAGE),
    Route("POST", "/skeletons/{name}", "form", bake_from_form, _RUN),
)
