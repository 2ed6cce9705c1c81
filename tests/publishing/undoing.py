"""A process in which a task proposes two changes, and another one in which that is taken back."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from scenedock.actions import ACTIONS
from scenedock.model.action import Caller
from scenedock.model.json import JsonObject, as_list, as_object
from scenedock.model.tasks.task import Task
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import task_settings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.runtime.wiring import open_effects
from scenedock.usecases.tasks.submit_task import submit_task
from scenedock.usecases.tasks.undo_task import undo_task

SECONDS = 120
JANE = Caller("token:jane", "token", "user:default/jane", "run")


def run(data: Path, hosts: Path, url: str, *, undo: bool) -> None:
    """Propose the changes to the repository at an address, or take them back; `outcome` in `data` tells what is said.

    What an earlier process has begun goes on.
    """
    settings = Settings(data=data, code_hosts=hosts, helm="no-helm", task_threads=2)
    effects = open_effects(settings, lambda: tasks.effects)
    tasks = open_tasks(task_settings(settings), ACTIONS, effects)
    tasks.start()
    done = _ended(tasks, submit_task(tasks.effects, ACTIONS, JANE, {"steps": _steps(url)}, key="propose"))
    if undo:
        done = _ended(tasks, undo_task(tasks.effects, ACTIONS, JANE, done.id))
    outputs = [as_object(done.step_state(step.id).get("output")) for step in done.steps]
    said = [text for output in outputs for text in as_list(output.get("undone"))]
    (data / "outcome").write_text(json.dumps({"status": done.status, "said": said}), encoding="utf-8")
    tasks.stop(1)
    os._exit(0)  # threads of the engine may be at rest for long


def _steps(url: str) -> list[JsonObject]:
    names = ("one", "two")
    return [
        {
            "id": name,
            "action": "scenedock:propose-change",
            "input": {
                "repoUrl": url,
                "title": f"Add {name}",
                "branch": f"add-{name}",
                "files": [{"path": f"{name}.md", "content": "text\n"}],
            },
        }
        for name in names
    ]


def _ended(tasks: TaskService, task: Task) -> Task:
    until = time.monotonic() + SECONDS
    while not task.finished and time.monotonic() < until:
        time.sleep(0.02)
        task = tasks.effects.store.get(task.id)
    return task
