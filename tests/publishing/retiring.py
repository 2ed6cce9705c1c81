"""A process in which one task retires something, for Jane."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from scenedock.actions import ACTIONS
from scenedock.model.action import Caller
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.settings import task_settings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.runtime.wiring import open_effects
from scenedock.usecases.tasks.manage_tasks import completion
from scenedock.usecases.tasks.submit_task import one_action, submit_task

SECONDS = 120


def run(data: Path, hosts: Path, clone: Path, given: dict[str, str]) -> None:
    """Submit the task, unless an earlier process has, and run until it has ended; `outcome` in `data` tells how.

    It retires an environment, or without one the whole deployment. `asked` is there when it waits for an approval.
    """
    settings = Settings(data=data, code_hosts=hosts, repositories=(str(clone),), helm="no-helm", task_threads=2)
    effects = open_effects(settings, lambda: tasks.effects)
    tasks = open_tasks(task_settings(settings), ACTIONS, effects)
    tasks.start()
    action = {each.name: each for each in ACTIONS}[
        f"retire-{'environment' if 'environment' in given else 'deployment'}"
    ]
    caller = Caller("token:jane", "token", "user:default/jane", "run")
    step = one_action(action, given)
    task = submit_task(tasks.effects, ACTIONS, caller, step, key="retire")
    until = time.monotonic() + SECONDS
    while not task.finished and time.monotonic() < until:
        time.sleep(0.02)
        task = tasks.effects.store.get(task.id)
        if task.wait_for:
            (data / "asked").touch()
    told = task.step_state(action.name).get("output")
    outcome = {"status": task.status, **completion(tasks.effects, task), "told": told}
    (data / "outcome").write_text(json.dumps(outcome), encoding="utf-8")
    tasks.stop(1)
    os._exit(0)  # threads of the engine may be at rest for long
