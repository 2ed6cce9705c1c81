"""Actions: schemas made of typed models, input judged before the function sees it."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field, JsonValue

from scenedock.errors import InputError
from scenedock.model.action import Action, Attributes, Caller, Context, Example, Sensitive, action
from scenedock.model.addresses import REDACTED
from scenedock.model.json_documents import Model, TaskInput


class Size(Model):
    replica_count: Annotated[int, "How many run"] = 1


class Given(TaskInput):
    service_name: Annotated[str, "Folder name of the service"]
    size: Annotated[Size, "How large"] = Size()
    answers: Annotated[dict[str, JsonValue], "Answers by question", Sensitive(), Field(default_factory=dict)]


class Made(Model):
    folder_path: str


@action("scale-it", idempotent=True, examples=[Example("one", {"serviceName": "billing"})])
def scale_it(context: Context[str], given: Given) -> Made:
    """Scale a service.

    It takes a while.

    Raises
    ------
    NotFoundError   there is none
    """
    context.log(f"scaling {given.service_name}")
    return Made(folder_path=f"{context.effects}/{given.service_name}/{given.size.replica_count}")


def context(caller: Caller | None = None) -> Context[str]:
    return Context(caller or Caller("test", "local"), "apps")


def test_the_decorator_makes_a_value_of_a_function() -> None:
    assert isinstance(scale_it, Action)
    assert (scale_it.id, scale_it.title, scale_it.summary) == ("scenedock:scale-it", "Scale it", "Scale a service.")
    assert scale_it.description == "Scale a service.\n\nIt takes a while."
    assert scale_it.attributes == Attributes(read_only=False, destructive=False, idempotent=True)


def test_a_schema_has_the_wires_names_with_titles_and_descriptions_and_the_request_id_last() -> None:
    schema = scale_it.input_schema()

    assert isinstance(schema["properties"], dict)
    assert list(schema["properties"]) == ["serviceName", "size", "answers", "requestId"]
    assert schema["properties"]["serviceName"] == {
        "type": "string",
        "title": "Service name",
        "description": "Folder name of the service",
    }
    assert schema["required"] == ["serviceName"]
    assert schema["additionalProperties"] is False
    assert scale_it.output_schema()["required"] == ["folderPath"]


def test_an_action_runs_on_json_and_answers_json() -> None:
    assert scale_it.run(context(), {"serviceName": "billing", "size": {"replicaCount": 3}}) == {
        "folderPath": "apps/billing/3"
    }


def test_all_that_is_wrong_with_an_input_is_said_at_once_by_field_without_its_values() -> None:
    with pytest.raises(InputError) as refused:
        scale_it.check({"service_name": "billing", "size": {"replicaCount": "secret-value"}})

    said = str(refused.value)
    assert "`serviceName` is required" in said
    assert "`size.replicaCount` input should be a valid integer" in said
    assert "`service_name` there is no such field; the fields are: " in said
    assert "secret-value" not in said


def test_what_is_sensitive_or_unknown_is_not_in_the_redacted_input() -> None:
    shown = scale_it.redacted({"serviceName": "a", "answers": {"password": "x", "name": "y"}, "serviceNam": "x"})

    assert shown == {"serviceName": "a", "answers": {"password": REDACTED, "name": REDACTED}}
    assert scale_it.redacted({"answers": "x"}) == {"answers": REDACTED}


def test_an_output_of_another_type_is_a_bug_and_no_refusal() -> None:
    @action("break-it")
    def break_it(_context: Context[str], _given: Given) -> Made:
        """Break."""
        return Size()  # type: ignore[return-value] # the mistake that is tested

    with pytest.raises(TypeError, match="break-it gave Size, not its Made"):
        break_it.run(context(), {"serviceName": "a"})


def test_a_scope_covers_those_before_it() -> None:
    caller = Caller("ci", "token", scope="run")

    assert [caller.may("read"), caller.may("run"), caller.may("admin")] == [True, True, False]


def test_only_an_action_that_changes_nothing_needs_no_more_than_read() -> None:
    assert scale_it.needed_scope == "run"
    assert action("look", read_only=True)(scale_it.function).needed_scope == "read"


def test_secrets_are_not_shown_with_the_context() -> None:
    assert "hunter2" not in repr(Context(Caller("test", "local"), "", secrets={"token": "hunter2"}))
