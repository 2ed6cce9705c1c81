"""The command line: the groups of commands, and the one place that turns errors into messages and exit codes."""

from __future__ import annotations

import atexit
import io
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from scenedock.errors import InputError, ScenedockError
from scenedock.model.addresses import without_credentials
from scenedock.model.similar import similar


class LateGroup(click.Group):
    """A group whose commands are imported when they are used, so that the others cost nothing.

    `late` maps the name of each command to `module:attribute`.
    """

    def __init__(self, *args: Any, late: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._late = late

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self._late})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in self.commands and cmd_name in self._late:
            module, _, attribute = self._late[cmd_name].partition(":")
            self.add_command(getattr(import_module(module), attribute), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was typed; an error names the one that was probably meant."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            meant = (
                similar(name, self.list_commands(ctx)) or f"; the commands are: {', '.join(self.list_commands(ctx))}"
            )
            ctx.fail(f"No such command {name!r}{meant}")
        return super().resolve_command(ctx, args)


class Program(LateGroup):
    """The whole program: Scenedock's errors end as a message on stderr and the error's exit code."""

    def main(self, args: Sequence[str] | None = None, *others: Any, **settings: Any) -> Any:
        """Run the program; where it is this process (nobody passes `args`), memory isn't given back piece by piece."""
        try:
            return super().main(args, *others, **settings)
        except SystemExit as end:
            if args is None and isinstance(end.code, int) and threading.active_count() == 1:
                _end(end.code)
            raise
        except OSError as error:
            if not _is_of_echo(error):
                raise
            _refuse_stdout(error)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was typed; colours are for terminals, and not for people who set NO_COLOR."""
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a file name or value may contain what the terminal can't show
                stream.reconfigure(errors="backslashreplace")
        try:
            _trust_authorities(os.environ.get("SCENEDOCK_CA_FILE"))
            return super().invoke(ctx)
        except ScenedockError as error:
            click.echo(f"{click.style('Error:', fg='red', bold=True)} {without_credentials(str(error))}", err=True)
            ctx.exit(error.exit_code)


def _end(code: int) -> None:
    """End this process as Python does, without its last step: to free each object takes a twentieth of an export."""
    atexit._run_exitfuncs()  # noqa: SLF001 - the only way to have them run
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:  # Python tells of it
        return
    except OSError as error:
        _refuse_stdout(error)
    os._exit(code)


def _is_of_echo(error: OSError) -> bool:
    """Whether an error comes from what is printed: an `OSError` of another file doesn't always name it."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is click.echo.__code__


def _refuse_stdout(error: OSError) -> NoReturn:
    """End where standard output can't be written: a full disk, for example.

    Raises
    ------
    SystemExit   always
    """
    # The interpreter must not try to write it again when it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with suppress(OSError):
        click.echo(f"Error: standard output can't be written: {error.strerror}", err=True)
    raise SystemExit(InputError.exit_code) from None


def _trust_authorities(file: str | None) -> None:
    """Trust what the setting `ca_file` names: also in commands that read no other setting."""
    if file:
        from scenedock.runtime.wiring import trust_authorities

        trust_authorities(Path(file).expanduser())


@click.group(
    "scenedock",
    cls=Program,
    late={
        "assess": "scenedock.doors.cli.queries.assessment:assess",
        "ci": "scenedock.doors.cli.pipelines.ci:ci",
        "doctor": "scenedock.doors.cli.queries.doctor:doctor",
        "example": "scenedock.doors.cli.skeletons:example",
        "migrate": "scenedock.doors.cli.tasks:migrate",
        "serve": "scenedock.doors.serve:serve",
        "settings": "scenedock.doors.cli.settings:show_settings",
        "worker": "scenedock.doors.cli.tasks:worker",
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="scenedock")
def main() -> None:
    """The Backstage companion for Helm GitOps repositories."""


@main.group(
    cls=LateGroup,
    late={
        "accept": "scenedock.doors.cli.accept:accept",
        "adopt": "scenedock.doors.cli.adopt:adopt",
        "check": "scenedock.doors.cli.check:check",
        "compare": "scenedock.doors.cli.compare:compare",
        "diff": "scenedock.doors.cli.diff:diff",
        "explain": "scenedock.doors.cli.queries.explain:explain",
        "export": "scenedock.doors.cli.export:export",
        "validate": "scenedock.doors.cli.validate:validate",
    },
)
def catalog() -> None:
    """Export, explain, check and compare catalog entities."""


@main.group(
    cls=LateGroup,
    late={
        "create": "scenedock.doors.cli.deployments.create:create",
        "history": "scenedock.doors.cli.queries.deployments:show_history",
        "lint": "scenedock.doors.cli.queries.linting:lint_deployments",
        "list": "scenedock.doors.cli.queries.deployments:list_deployments",
        "metrics": "scenedock.doors.cli.queries.delivery:show_metrics",
        "promote": "scenedock.doors.cli.changes.versions:promote",
        "retire": "scenedock.doors.cli.environments.retiring:retire_deployment",
        "roll-back": "scenedock.doors.cli.changes.versions:roll_back",
        "set-version": "scenedock.doors.cli.changes.versions:set_version",
        "show": "scenedock.doors.cli.queries.deployments:show_deployment",
        "verify": "scenedock.doors.cli.queries.verification:verify_deployments",
    },
)
def deployments() -> None:
    """Show, check, create and change deployments."""


@main.group(
    cls=LateGroup,
    late={"refer": "scenedock.doors.cli.secrets.refer:refer", "seal": "scenedock.doors.cli.secrets.seal:seal"},
)
def secrets() -> None:
    """Seal secrets for git, or refer to them in a store."""


@main.group(
    cls=LateGroup,
    late={
        "create": "scenedock.doors.cli.environments.create:create",
        "extend": "scenedock.doors.cli.environments.extending:extend_environment",
        "retire": "scenedock.doors.cli.environments.retiring:retire_environment",
    },
)
def environments() -> None:
    """Create, extend and retire environments of services."""


@main.group(cls=LateGroup, late={"list": "scenedock.doors.cli.queries.applications:list_applications"})
def applications() -> None:
    """List the Argo CD Applications that repositories make."""


@main.group(
    cls=LateGroup,
    late={
        "diff": "scenedock.doors.cli.queries.manifests:diff",
        "render": "scenedock.doors.cli.queries.manifests:render",
    },
)
def manifests() -> None:
    """Render what repositories deploy, and compare it."""


@main.group(
    cls=LateGroup,
    late={
        "list": "scenedock.doors.cli.actions:list_actions",
        "show": "scenedock.doors.cli.actions:show_action",
        "run": "scenedock.doors.cli.actions:run",
    },
)
def actions() -> None:
    """List, show and run the actions that Backstage calls."""


@main.group(
    cls=LateGroup,
    late={
        "approve": "scenedock.doors.cli.changes.approvals:approve",
        "list": "scenedock.doors.cli.changes.approvals:list_approvals",
        "refuse": "scenedock.doors.cli.changes.approvals:refuse",
        "show": "scenedock.doors.cli.changes.approvals:show_approval",
    },
)
def approvals() -> None:
    """List, give and refuse the approvals that tasks wait for."""


@main.group(
    cls=LateGroup,
    late={
        "cancel": "scenedock.doors.cli.tasks:cancel_task",
        "list": "scenedock.doors.cli.tasks:list_tasks",
        "log": "scenedock.doors.cli.tasks:show_log",
        "retry": "scenedock.doors.cli.tasks:retry_task",
        "run": "scenedock.doors.cli.tasks:run_task",
        "show": "scenedock.doors.cli.tasks:show_task",
        "undo": "scenedock.doors.cli.tasks:undo_task",
    },
)
def tasks() -> None:
    """Run tasks, follow them, cancel and retry them."""


@main.group(
    cls=LateGroup,
    late={
        "bake": "scenedock.doors.cli.skeletons:bake",
        "drift": "scenedock.doors.cli.skeletons:drift",
        "list": "scenedock.doors.cli.skeletons:list_",
        "show": "scenedock.doors.cli.skeletons:show",
    },
)
def skeletons() -> None:
    """List, show and bake skeletons, and compare projects."""
