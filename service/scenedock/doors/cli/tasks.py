"""`scenedock tasks`: the tasks that Backstage shows, at the command line, from the data that settings name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.settings import format_option, print_json, settings_in_force, settings_option
from scenedock.errors import NotFoundError
from scenedock.model.tasks.task import MOST_TASKS, STATUSES

if TYPE_CHECKING:
    from scenedock.documents.configuration import Configuration
    from scenedock.model.tasks.changes import NewEvent
    from scenedock.model.tasks.task import Task, TaskEvent
    from scenedock.runtime.settings import Settings
    from scenedock.runtime.tasks.service import TaskService
    from scenedock.runtime.tasks.settings import Role

_BEAT_SECONDS = 5.0
_ALONE = (
    "Warning: SCENEDOCK_DATABASE_URL isn't set, so this worker runs only tasks in the SQLite file of its own data "
    "folder. For `serve --web-only` and workers elsewhere, give all of them one PostgreSQL."
)
_COLOURS = {"completed": "green", "failed": "red", "cancelled": "yellow", "processing": "cyan"}


@click.command("list")
@click.option(
    "--status", multiple=True, type=click.Choice(STATUSES), help="Only tasks with this status; may be repeated."
)
@click.option(
    "--limit", type=click.IntRange(1, MOST_TASKS), default=20, show_default=True, help="Maximum number of tasks."
)
@settings_option
@format_option
def list_tasks(status: tuple[str, ...], limit: int, file: Path | None, *, layout: str) -> None:
    """List tasks, the newest first.

    Exit codes: 0 done, 2 there is no database of tasks.
    """
    from scenedock.model.action import COMMAND_LINE
    from scenedock.model.tasks.task import TaskQuery
    from scenedock.usecases.tasks.manage_tasks import find_tasks

    query = TaskQuery(status=tuple(each for each in STATUSES if each in status), limit=limit)
    with tasks_of(file) as tasks:
        page, total = find_tasks(tasks.effects, COMMAND_LINE, query)
    if layout == "json":
        from scenedock.model.tasks.documents import TaskDocument

        print_json([TaskDocument.of(task).model_dump(mode="json") for task in page])
    else:
        for task in page:
            status_shown = click.style(f"{task.status:<10}", fg=_COLOURS.get(task.status))
            click.echo(f"{task.id}  {status_shown}  {_when(task.created_at)}  {task.created_by or '-'}  {_what(task)}")
    if total > len(page):
        number = f"{total:,}" if total < query.most_counted else f"at least {total:,}"
        click.echo(f"{len(page)} of {number}; --limit shows more", err=True)


@click.command("show")
@click.argument("task_id", metavar="ID")
@settings_option
def show_task(task_id: str, file: Path | None) -> None:
    """Print the task ID as JSON.

    Exit codes: 0 done, 2 there is no such task.
    """
    from scenedock.model.action import COMMAND_LINE
    from scenedock.model.tasks.documents import TaskDocument
    from scenedock.usecases.tasks import manage_tasks

    with tasks_of(file) as tasks:
        task = manage_tasks.show_task(tasks.effects, COMMAND_LINE, task_id)
    output = {"output": task.state.get("output")} if task.finished else {}
    print_json({**TaskDocument.of(task).model_dump(), **output})


@click.command("log")
@click.argument("task_id", metavar="ID")
@click.option("--follow", "-f", is_flag=True, help="Follow the log until the task ends.")
@settings_option
def show_log(task_id: str, *, follow: bool, file: Path | None) -> None:
    """Print the log of the task ID.

    Exit codes: 0 done (with --follow: the task completed), 1 it failed, 2 there is no such task.
    """
    from scenedock.model.action import COMMAND_LINE
    from scenedock.usecases.tasks.manage_tasks import read_events

    with tasks_of(file) as tasks:
        if follow:
            _follow(tasks, task_id)
            return
        for event in read_events(tasks.effects, COMMAND_LINE, task_id):
            _print(event)


@click.command("cancel")
@click.argument("task_id", metavar="ID")
@settings_option
def cancel_task(task_id: str, file: Path | None) -> None:
    """Cancel the task ID: it ends before its next step.

    Exit codes: 0 done, 2 there is no such task.
    """
    from scenedock.model.action import COMMAND_LINE
    from scenedock.usecases.tasks import manage_tasks

    with tasks_of(file) as tasks:
        task = manage_tasks.cancel_task(tasks.effects, COMMAND_LINE, task_id)
    click.echo(f"{task.id}  {task.status}{'' if task.finished else ', will be cancelled'}")


@click.command("retry", short_help="Retry a failed or cancelled task.")
@click.argument("task_id", metavar="ID")
@settings_option
def retry_task(task_id: str, file: Path | None) -> None:
    """Retry the failed or cancelled task ID, from the first step that isn't completed.

    The service runs it. To retry a task with secrets, use the HTTP API, which takes them again.

    Exit codes: 0 done, 2 there is no such task, 4 it neither failed nor was cancelled.
    """
    from scenedock.model.action import COMMAND_LINE
    from scenedock.usecases.tasks import manage_tasks

    with tasks_of(file) as tasks:
        click.echo(manage_tasks.retry_task(tasks.effects, COMMAND_LINE, task_id, {}).id)


@click.command("undo", short_help="Undo what a task has done, by another task.")
@click.argument("task_id", metavar="ID")
@settings_option
def undo_task(task_id: str, file: Path | None) -> None:
    """Undo the ended task ID: another task takes back what its completed steps have done, the last one first.

    The service runs it, and its log says what was taken back.

    Exit codes: 0 done, 2 there is no such task, 4 it hasn't ended, or nothing in it can be taken back.
    """
    from scenedock.model.action import COMMAND_LINE
    from scenedock.usecases.tasks import undo_task as undoing

    with tasks_of(file) as tasks:
        click.echo(undoing.undo_task(tasks.effects, tasks.actions, COMMAND_LINE, task_id).id)


@click.command("run", short_help="Run the task in a file, and follow its log.")
@click.argument("spec", metavar="FILE")
@click.option(
    "--key",
    default="",
    help="Identifies the task: the same key always means the same task, which must have the same spec.",
)
@settings_option
def run_task(spec: str, key: str, file: Path | None) -> None:
    """Run the task in FILE (JSON or YAML, `steps:` is enough; - is standard input) here, and follow its log.

    If it is interrupted, the service or the next such command continues it.

    Exit codes: 0 the task completed, 1 it failed, 2 FILE is invalid, 4 the key is that of another task.
    """
    from scenedock.model.action import COMMAND_LINE
    from scenedock.usecases.tasks.submit_task import submit_once

    written = _read(spec)
    with tasks_of(file, "embedded") as tasks:
        tasks.start()
        with written.placed():
            task = submit_once(tasks.effects, tasks.actions, COMMAND_LINE, written.value, key=key)
        click.echo(f"Task {task.id}", err=True)
        _follow(tasks, task.id)


@click.command(short_help="Migrate the database of tasks to this release.")
@settings_option
def migrate(file: Path | None) -> None:
    """Migrate the database of tasks to the version of this release; on PostgreSQL, run it with each new release.

    Exit codes: 0 done, 2 a setting is invalid, 4 a newer release has already migrated the database.
    """
    from scenedock.runtime.tasks.opening import open_database
    from scenedock.runtime.tasks.settings import task_settings
    from scenedock.usecases.tasks.migrate_database import migrate_database

    with closing(open_database(task_settings(settings_in_force(file).settings))) as database:
        behind = migrate_database(database)
    click.echo(f"The database was {behind} versions behind" if behind else "The database is up to date")


@click.command(short_help="Run the tasks that `serve --web-only` accepts.")
@settings_option
def worker(file: Path | None) -> None:
    """Run the tasks that `scenedock serve --web-only` accepts, until stopped (SIGTERM, Ctrl-C).

    Any number of workers can share one PostgreSQL. If a worker dies, another one takes over its tasks within seconds.
    With SCENEDOCK_WORKER_LISTEN, it answers /healthz, /readyz and /metrics.

    Exit codes: 0 stopped, 2 a setting is invalid, 4 the database must be migrated first.
    """
    import os
    import signal

    from scenedock.doors.worker_probe import worker_probe
    from scenedock.runtime.logs import set_up_logs
    from scenedock.runtime.metrics import TaskMetrics
    from scenedock.runtime.tasks.key_wiring import open_key_witness
    from scenedock.runtime.wiring import signing_key

    settings = settings_in_force(file).settings
    set_up_logs(settings.log_format)
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before there are threads, which inherit it
    metrics = TaskMetrics(lambda: tasks.count())  # noqa: PLW0108 - there are no tasks yet
    with (
        tasks_of(file, "worker", metrics.note) as tasks,
        worker_probe(settings.worker_listen, metrics, lambda: tasks.seconds_idle),
    ):
        tasks.start()
        if not settings.database_url:
            click.echo(_ALONE, err=True)
        witness = open_key_witness(settings, signing_key(settings), "worker")
        witness.start()
        click.echo(f"Running tasks, {settings.task_threads} at once", err=True)
        signal.sigwait(signals)
        witness.stop()
    # A step that outlasts the grace period starts again elsewhere; its thread here would only keep the process alive.
    os._exit(0)


@contextmanager
def tasks_of(
    file: Path | None,
    role: Role = "web",
    told: Callable[[Task, Sequence[NewEvent]], object] = lambda _task, _events: None,
) -> Iterator[TaskService]:
    """The tasks from the data that settings name; closed at the end of the `with` statement.

    In the role `web`, where nothing is run, a data folder without tasks is not touched.

    Raises
    ------
    NotFoundError   in the role `web`, there are no tasks
    """
    from scenedock.actions import ACTIONS
    from scenedock.runtime.tasks.settings import task_settings
    from scenedock.runtime.tasks.wiring import open_tasks
    from scenedock.runtime.wiring import open_effects

    settings = settings_in_force(file).settings
    only_reads = role == "web"
    if only_reads:
        _require_tasks(settings)
    effects = None if only_reads else open_effects(settings, lambda: tasks.effects)
    tasks = open_tasks(task_settings(settings), ACTIONS, effects, role, told, makes_key=not only_reads)
    try:
        yield tasks
    finally:
        tasks.stop(settings.grace_seconds)


def _require_tasks(settings: Settings) -> None:
    from scenedock.effects.tasks.storage.database import database_address

    database = database_address(settings.database_url, settings.data).file
    if database is not None and not database.exists():
        raise NotFoundError(
            f"{database}: there are no tasks here; set SCENEDOCK_DATA to the data folder of the service, or "
            "SCENEDOCK_DATABASE_URL to its database"
        )


def _follow(tasks: TaskService, task_id: str) -> None:
    from scenedock.model.action import COMMAND_LINE
    from scenedock.usecases.tasks import manage_tasks

    for event in manage_tasks.follow_events(tasks.effects, COMMAND_LINE, task_id, 0, _BEAT_SECONDS):
        if event:
            _print(event)
    if manage_tasks.show_task(tasks.effects, COMMAND_LINE, task_id).status != "completed":
        click.get_current_context().exit(1)


def _print(event: TaskEvent) -> None:
    step = f" {event.step_id}:" if event.step_id else ""
    click.echo(f"{_when(event.created_at)}{step} {event.body.get('message', '')}")


def _read(name: str) -> Configuration:
    import sys

    from scenedock.documents.configuration import read_configuration
    from scenedock.effects.local.disk import read_file

    return read_configuration(sys.stdin.buffer.read() if name == "-" else read_file(Path(name)), name)


def _when(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(milliseconds / 1_000))


def _what(task: Task) -> str:
    return ", ".join(step.name for step in task.steps)
