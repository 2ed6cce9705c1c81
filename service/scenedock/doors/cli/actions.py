"""`scenedock actions`: the actions that Backstage calls, at the command line."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from scenedock.doors.cli.settings import format_option, print_json, settings_in_force, settings_option
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import COMMAND_LINE, Context

if TYPE_CHECKING:
    from scenedock.actions.effects import Effects
    from scenedock.model.action import Action
    from scenedock.model.json import Json, JsonObject

_STDIN = "-"


@click.command("list", short_help="List the actions.")
@format_option
def list_actions(layout: str) -> None:
    """List the actions, with one line about each; as JSON, with their schemas."""
    from scenedock.actions import ACTIONS

    actions = sorted(ACTIONS, key=lambda each: each.name)
    if layout == "json":
        from scenedock.actions.listed import ListedAction

        print_json([ListedAction.of(each).model_dump(mode="json") for each in actions])
        return
    width = max(len(each.name) for each in actions)
    click.echo("\n".join(f"{click.style(f'{each.name:<{width}}', bold=True)}  {each.summary}" for each in actions))


@click.command("show", short_help="Print the description and schemas of an action.")
@click.argument("name")
def show_action(name: str) -> None:
    """Print the description and the schemas of the action NAME as JSON.

    Exit codes: 0 done, 2 there is no such action.
    """
    from scenedock.actions.listed import ListedAction

    click.echo(ListedAction.of(_action(name)).model_dump_json(indent=2))


@click.command(short_help="Run an action, and print its output.")
@click.argument("name")
@click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")
@click.option("--input", "-i", "given_in", metavar="FILE", help="The input as JSON; - is standard input.")
@settings_option
def run(name: str, fields: tuple[str, ...], given_in: str | None, file: Path | None) -> None:
    """Run the action NAME, and print its output as JSON.

    A VALUE is read as JSON if it is valid JSON and the field isn't text, else as text. An action that changes something
    runs as a task: `scenedock tasks` lists it, and it continues later if this command is interrupted.

    Exit codes: 0 done, 2 the input is invalid, others as listed in the reference of errors.
    """
    from scenedock.doors.cli.tasks import tasks_of
    from scenedock.runtime.wiring import open_effects
    from scenedock.usecases.run_action import run_action
    from scenedock.usecases.tasks.run_as_task import TaskCalls

    action = _action(name)
    values = {**_read_input(given_in), **dict(_field(action, each) for each in fields)}
    effects = open_effects(settings_in_force(file).settings, _no_tasks)
    context = Context(COMMAND_LINE, effects, log=lambda message: click.echo(message, err=True))
    if action.attributes.read_only:
        output = run_action(action, context, values)
    else:
        with tasks_of(file, "embedded") as tasks:
            tasks.start()
            output = TaskCalls(lambda: tasks.effects, tasks.actions).run(action, context, values)
    print_json(output)


def _no_tasks() -> NoReturn:
    raise NotFoundError("there are no result folders for an action that only reads; run it through the service")


def _action(name: str) -> Action[Effects]:
    from scenedock.actions import ACTIONS
    from scenedock.usecases.run_action import find_action

    return find_action({each.name: each for each in ACTIONS}, name.rpartition(":")[2], lambda: ACTIONS)


def _read_input(file: str | None) -> JsonObject:
    from scenedock.effects.local.disk import read_file

    if file is None:
        return {}
    data = sys.stdin.buffer.read() if file == _STDIN else read_file(Path(file))
    try:
        value = json.loads(data)
    except json.JSONDecodeError as error:
        raise InputError(f"{file}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}:1:1: this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{file}:1:1: the input must be a JSON object")
    return value


def _field(action: Action[Effects], text: str) -> tuple[str, Json]:
    """A field of the input as it was typed."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r}: write FIELD=VALUE")
    properties = action.input_schema()["properties"]
    about = properties.get(name, {}) if isinstance(properties, dict) else {}
    if about.get("type") == "string":
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        if about.get("type") == "array":
            example = json.dumps(value.split(","), ensure_ascii=False)
            raise InputError(f"{name} takes a list, as JSON: {shlex.quote(f'{name}={example}')}") from None
        return name, value
