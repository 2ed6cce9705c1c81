"""Forms made from JSON Schemas, and the pages that run actions and skeletons with them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from scenedock.actions import ACTIONS
from scenedock.doors.http.app import make_app
from scenedock.doors.http.pages.actions import _notice
from scenedock.doors.http.rendering.forms import fields_of, read_form
from scenedock.effects.tasks.storage.tables import TASK
from scenedock.runtime.service import Service
from tests.tools.service import ADMIN, READ, service_in

SCHEMA: Any = {
    "required": ["name", "port"],
    "properties": {
        "name": {"type": "string", "title": "Name", "description": "What it is called"},
        "branch": {"type": ["string", "null"], "default": None},
        "text": {"type": "string", "maxLength": 300_000, "default": ""},
        "visibility": {"type": "string", "enum": ["private", "public"], "default": "private"},
        "python": {"default": "3.14", "oneOf": [{"const": "3.13", "title": "Old"}, {"const": "3.14", "title": "New"}]},
        "port": {"type": "integer", "default": 8000},
        "share": {"type": "number"},
        "draft": {"type": "boolean", "default": True},
        "topics": {"type": "array", "items": {"type": "string"}, "default": []},
        "edits": {"type": "array", "items": {"type": "object"}},
        "labels": {"type": "object"},
        "password": {"type": "string", "writeOnly": True, "format": "password"},
        "secrets": {"type": "object", "writeOnly": True},
    },
}


def sent(**fields: str) -> MultiDict[str, str]:
    return MultiDict(fields)


def test_each_type_has_a_field_of_its_kind_with_the_default() -> None:
    fields = {field.name: field for field in fields_of(SCHEMA)}

    assert {name: (field.kind, field.value) for name, field in fields.items()} == {
        "name": ("text", ""),
        "branch": ("text", ""),
        "text": ("long", ""),
        "visibility": ("choice", "private"),
        "python": ("choice", "3.14"),
        "port": ("number", "8000"),
        "share": ("number", ""),
        "draft": ("check", "on"),
        "topics": ("lines", ""),
        "edits": ("yaml", ""),
        "labels": ("yaml", ""),
        "password": ("password", ""),
        "secrets": ("yaml", ""),
    }
    assert (fields["name"].label, fields["name"].hint, fields["name"].required) == ("Name", "What it is called", True)
    assert (fields["branch"].label, fields_of({"properties": {"ownNamespace": {}}})[0].label) == (
        "Branch",
        "Own namespace",
    )
    assert fields["python"].options == (("3.13", "Old"), ("3.14", "New"))


def test_what_is_sent_becomes_values_of_the_schemas_types() -> None:
    form = sent(
        name=" x ",
        visibility="public",
        python="3.13",
        port="8080",
        share="0.5",
        topics="a\r\n\r\n b \r\n",
        edits="- {path: values.yaml}",
        labels="a: 1\nb: yes",
        branch="",
    )

    assert read_form(SCHEMA, form).values == {
        "name": " x ",
        "visibility": "public",
        "python": "3.13",
        "port": 8080,
        "share": 0.5,
        "draft": False,
        "topics": ["a", "b"],
        "edits": [{"path": "values.yaml"}],
        "labels": {"a": 1, "b": "yes"},
    }


def test_what_can_not_be_read_is_told_at_its_field_with_what_was_typed() -> None:
    form = sent(port="many", share="half", visibility="secret", labels="a: [")
    form["password"] = "typed"  # noqa: S105 - nobody's
    form["secrets"] = "TOKEN: typed"

    read = read_form(SCHEMA, form)
    fields = {field.name: field for field in fields_of(SCHEMA, form, read.problems)}

    assert sorted(read.problems) == ["labels", "name", "port", "share", "visibility"]
    assert fields["name"].error == "is required"
    assert (fields["port"].error, fields["port"].value) == ("must be a whole number", "many")
    assert "is not valid YAML" in fields["labels"].error
    assert (fields["password"].value, fields["secrets"].value) == ("", "")  # never shown again
    assert read.values["secrets"] == {"TOKEN": "typed"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_form_of_every_action_gives_its_examples_back(action: Any) -> None:
    schema = action.input_schema()
    for example in action.examples:
        fields = {field.name: field for field in fields_of({**schema, "properties": _with_defaults(schema, example)})}
        typed = MultiDict({name: field.value for name, field in fields.items() if field.kind != "check" or field.value})

        values = read_form(schema, typed).values

        assert action.problems(values) == {}
        assert action.check(values) == action.check(example.input)


def _with_defaults(schema: Any, example: Any) -> dict[str, Any]:
    """The fields with what a person types into them, also into those for secrets, which show no defaults."""
    return {
        name: {**rules, "default": example.input.get(name, rules.get("default")), "writeOnly": False}
        for name, rules in schema["properties"].items()
    }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    opened = service_in(tmp_path_factory.mktemp("data"))
    opened.feed.refresh()
    opened.tasks.start()
    yield opened
    opened.stop()


def signed_in(service: Service, token: str) -> FlaskClient:
    client = make_app(service).test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    answer = client.post("/sign-in", data={"token": token, "_csrf": csrf(client, "/sign-in")})
    assert answer.status_code == 303
    return client


def csrf(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="_csrf" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def admin(served: Service) -> FlaskClient:
    return signed_in(served, ADMIN)


def test_the_address_fills_in_a_form(admin: FlaskClient) -> None:
    shown = admin.get("/actions/promote-deployment?services=billing&fromEnvironment=qa&toEnvironment=production").text

    assert ">billing</textarea>" in shown
    assert 'name="toEnvironment" type="text" value="production"' in shown
    assert '<label for="field-toEnvironment">To environment <span class="muted">(required)</span></label>' in shown


def test_a_read_only_action_is_run_from_its_form_and_shows_its_result(admin: FlaskClient) -> None:
    path = "/actions/show-deployment"

    shown = admin.post(path, data={"_csrf": csrf(admin, path), "service": "billing"})

    assert shown.status_code == 200
    assert "version: &#34;2.7.1&#34;" in shown.text
    wrong = admin.post(path, data={"_csrf": csrf(admin, path), "service": "nothing"})
    assert wrong.status_code == 404
    assert "there is no deployment of a service" in wrong.text
    assert 'value="nothing"' in wrong.text  # what was typed stays
    empty = admin.post(path, data={"_csrf": csrf(admin, path)})
    assert (empty.status_code, "is required" in empty.text) == (200, True)


def test_a_skeleton_is_baked_from_its_form_as_one_task_however_often_it_is_sent(admin: FlaskClient) -> None:
    path = "/skeletons/microservice-python"
    data = {"_csrf": csrf(admin, path), "_form": "once", "name": "orders", "owner": "group:default/payments"}
    data |= {"description": "Keeps orders", "organisation": "acme", "port": "8000"}

    first, second = (admin.post(path, data=data) for _ in range(2))

    assert first.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    task = admin.get(first.headers["Location"])
    assert "Bake skeleton" in task.text
    assert "microservice-python" in task.text
    assert first.headers["Location"] in admin.get("/tasks").text

    changed = admin.post(path, data={**data, "name": "invoices"})  # gone back, corrected, and sent again
    assert changed.headers["Location"] not in {"", first.headers["Location"]}


def test_a_secret_of_a_form_cannot_be_guessed_from_what_is_stored(admin: FlaskClient, served: Service) -> None:
    path = "/actions/bake-skeleton"
    data = {"_csrf": csrf(admin, path), "_form": "once", "skeleton": "none", "secretAnswers": "token: hunter2"}

    sent = [
        admin.post(path, data={**data, **more}).headers["Location"] for more in ({}, {}, {"secretAnswers": "token: b"})
    ]

    assert sent[0] == sent[1] != sent[2]
    values = served.tasks.effects.store.get(sent[0].rpartition("/")[2]).steps[0].input
    guess = json.dumps({**values, "secretAnswers": {"token": "hunter2"}}, sort_keys=True)
    guessed = hashlib.sha256(f"token:admin\nform scenedock:bake-skeleton once {guess}".encode()).hexdigest()
    stored = served.tasks.effects.store._database.read(select(TASK.c.idempotency_key))
    assert guessed not in {row[0] for row in stored}


def test_wrong_answers_are_told_at_their_questions(admin: FlaskClient) -> None:
    path = "/skeletons/microservice-python"

    answer = admin.post(path, data={"_csrf": csrf(admin, path), "name": "Not Valid", "port": "x", "owner": "a"})

    assert answer.status_code == 200
    assert re.search(r'id="error-port">must be a whole number', answer.text)
    assert 'value="Not Valid"' in answer.text


def test_a_task_is_cancelled_and_retried_from_its_page(admin: FlaskClient) -> None:
    path = "/actions/await-pull-request"
    data = {"_csrf": csrf(admin, path), "pullRequestUrl": "https://github.com/acme/apps/pull/1"}
    task = admin.post(path, data=data).headers["Location"]

    cancelled = admin.post(f"{task}/cancel", data={"_csrf": csrf(admin, "/actions/list-skeletons")})
    assert (cancelled.status_code, cancelled.headers["Location"]) == (303, task)
    retried = admin.post(f"{task}/retry", data={"_csrf": csrf(admin, "/actions/list-skeletons")})
    assert retried.status_code in {303, 409}  # it may still be ending


def test_who_may_only_read_runs_nothing_that_changes_something(served: Service, admin: FlaskClient) -> None:
    reader = signed_in(served, READ)
    form = {"_csrf": csrf(reader, "/actions/list-skeletons")}

    assert "Bake skeleton" not in reader.get("/actions").text
    assert "/skeletons/" not in reader.get("/actions").text
    assert reader.post("/actions/bake-skeleton", data=form).status_code == 403
    assert reader.post("/skeletons/microservice-python", data=form).status_code == 403
    assert reader.post("/tasks/x/cancel", data=form).status_code == 403
    assert reader.post("/tasks/x/retry", data=form).status_code == 403


def test_a_form_without_its_token_runs_nothing(admin: FlaskClient) -> None:
    for data in ({}, {"_csrf": "x.y"}):
        assert admin.post("/actions/show-deployment", data={**data, "service": "billing"}).status_code == 403


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[FlaskClient]:
    """An administrator of a service with odd skeletons: one with our fields' former names, one with nested ones."""
    for folder, questions in {
        "odd": {"csrf": "a", "requestId": "b", "name": "c"},
        "many": {"templates": {"first": {"path": "one"}, "other": {"path": "two"}}},
        "many/one": {"name": "one"},
        "many/two": {"name": "two"},
    }.items():
        inside = tmp_path / folder / "{{ cookiecutter.name }}"
        inside.mkdir(parents=True)
        (tmp_path / folder / "cookiecutter.json").write_text(json.dumps(questions))
    listed = tmp_path / "skeletons.yaml"
    listed.write_text("skeletons:\n  - {name: odd, path: odd}\n  - {name: many, path: many}\n")
    service = service_in(tmp_path / "data", skeletons=listed)
    yield signed_in(service, ADMIN)
    service.stop()


def test_a_question_may_have_any_name(odd: FlaskClient) -> None:
    data = {"_csrf": csrf(odd, "/skeletons/odd"), "csrf": "mine", "requestId": "too", "name": "x"}

    task = odd.post("/skeletons/odd", data=data)

    assert task.status_code == 303
    shown = odd.get(task.headers["Location"]).text
    assert "csrf: mine" in shown
    assert "requestId: too" in shown


def test_of_an_address_only_what_chooses_a_skeleton_is_an_answer(odd: FlaskClient) -> None:
    path = "/skeletons/many?templates=other&utm_source=mail"
    assert 'value="two"' in odd.get(path).text

    task = odd.post(path, data={"_csrf": csrf(odd, path), "name": "x"})

    assert task.status_code == 303
    shown = odd.get(task.headers["Location"]).text
    assert "templates: other" in shown
    assert "utm_source" not in shown


def test_a_problem_that_no_field_shows_is_told_above_them() -> None:
    fields = fields_of(SCHEMA, sent(), {"port": "is required"})

    notice = _notice("Nothing was run", fields, {"port": "is required", "other": "is unknown"})

    assert notice == "Nothing was run: 1 field must be corrected; `other` is unknown."


def test_a_visitor_sees_nothing_that_asks_for_more_than_a_sign_in(tmp_path: Path) -> None:
    service = service_in(tmp_path, public_feed=True)
    client = make_app(service).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"

    assert "/skeletons/" not in client.get("/actions").text
    for path in ("/actions/bake-skeleton", "/skeletons/microservice-python"):
        shown = client.get(path)
        assert (shown.status_code, f'name="next" value="{path}"' in shown.text) == (401, True)
    service.stop()
