"""A process that runs tasks until it is killed: `process.py FOLDER DATABASE ROLE TASKS RELEASE CRON GRACE`.

Its one action leaves a file in `FOLDER/world`, looking first whether an earlier attempt has made it, and notes in
`FOLDER/ran` each time that it is run. TASKS tasks are submitted; the ids of those
acknowledged are in `FOLDER/acknowledged`. The RELEASE `dies` is killed when it has taken a task, before it begins it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from scenedock.effects.tasks.engine import Engine
from scenedock.model.action import Action, Caller, Context, action
from scenedock.model.json import Json, JsonObject
from scenedock.model.json_documents import Model, TaskInput
from scenedock.model.tasks.task import WaitingFor
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import Role, TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.usecases.tasks.limits import TaskLimits
from scenedock.usecases.tasks.schedules import Schedule
from scenedock.usecases.tasks.submit_task import submit_task

CALLER = Caller("tests", "local", "user:default/guest", "admin")
DIES = "dies"
STEPS = 3
SPEC: JsonObject = {
    "steps": [{"id": f"s{number}", "action": "scenedock:make-file", "input": {}} for number in range(STEPS)],
    "output": {"last": f"${{{{ steps.s{STEPS - 1}.output.file }}}}"},
}


class Input(TaskInput):
    """What to make."""

    seconds: Annotated[float, "How long it takes"] = 0.02
    gate: Annotated[str, "A file that must be there first"] = ""
    lines: Annotated[int, "How many lines are logged"] = 1


class Output(Model):
    """What was made."""

    file: Annotated[str, "Its name"]


def make_file_action(release: str = "1") -> Action[Path]:
    """The action, as a release of the product has it; its effects are the folder."""

    @action("make-file", idempotent=True)
    def make_file(context: Context[Path], given: Input) -> Output:
        """Make a file for this step, if none is there."""
        with (context.effects / "ran").open("a") as ran:
            ran.write(f"{context.task_id} {context.step_id} {time.time_ns() // 1_000_000} {release}\n")
        if given.gate and not (context.effects / given.gate).exists():
            raise WaitingFor(f"gate:{given.gate}", check_seconds=1)
        for number in range(given.lines):
            context.log(f"line {number} of {context.step_id}")
        time.sleep(given.seconds)
        world = context.effects / "world"
        made = next(world.glob(f"{context.task_id}.{context.step_id}.*"), None)
        if made is None:
            made = world / f"{context.task_id}.{context.step_id}.{uuid.uuid4().hex[:8]}"
            made.touch()
        return Output(file=made.name)

    return make_file


def open_service(folder: Path, database: str, role: Role, release: str = "1", cron: str = "") -> TaskService:
    """The tasks of this folder."""
    schedules = (Schedule("often", cron, {"steps": [make_file(seconds=0)]}, make_up=True),) if cron else ()
    settings = TaskSettings(
        folder / "data", database, threads=4, limits=TaskLimits(step_seconds=60), schedules=schedules
    )
    return open_tasks(settings, [make_file_action(release)], folder, role)


def make_file(step_id: str = "make", **given: Json) -> JsonObject:
    """A step that makes a file."""
    return {"id": step_id, "action": "scenedock:make-file", "input": given}


def submit(service: TaskService, folder: Path, count: int, pause: Callable[[], None] = lambda: None) -> None:
    """Submit tasks, and note each that is acknowledged."""
    for _ in range(count):
        task = submit_task(service.effects, service.actions, CALLER, SPEC)
        with (folder / "acknowledged").open("a") as acknowledged:
            acknowledged.write(f"{task.id}\n")
        pause()


def main(folder: Path, database: str, role: Role, count: int, release: str, cron: str, grace: str) -> None:
    """Run until SIGTERM."""
    (folder / "world").mkdir(exist_ok=True)
    if release == DIES:
        Engine.start = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    service = open_service(folder, database, role, release, cron)
    service.start()
    (folder / f"ready.{os.getpid()}").touch()
    submit(service, folder, count, lambda: time.sleep(0.02))
    signal.sigwait({signal.SIGTERM})
    service.stop(int(grace))
    os._exit(0)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), *sys.argv[5:])  # type: ignore[arg-type]
