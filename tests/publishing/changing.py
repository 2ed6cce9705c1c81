"""A process in which one task runs an action on a GitOps repository, as a pipeline asks for it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from scenedock.actions import ACTIONS
from scenedock.model.action import Caller
from scenedock.model.json import JsonObject
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.settings import task_settings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.runtime.wiring import open_effects
from scenedock.usecases.tasks.manage_tasks import completion
from scenedock.usecases.tasks.submit_task import one_action, submit_task

SECONDS = 120


def run(data: Path, hosts: Path, clone: Path, version: str, **more: Any) -> None:
    """Set the version of an environment, as `run_action`."""
    given = {"services": ["billing"], "environment": "dev", "version": version}
    run_action(data, hosts, clone, "set-version", given, version, **more)


def run_action(
    data: Path, hosts: Path, clone: Path, name: str, given: JsonObject, key: str = "only", **more: Any
) -> None:
    """Submit the task, unless an earlier process has, and run until it has ended; `outcome` in `data` tells how.

    `more` are further settings.
    """
    served = (str(clone),)
    settings = Settings(data=data, code_hosts=hosts, repositories=served, helm="no-helm", task_threads=2, **more)
    effects = open_effects(settings, lambda: tasks.effects)
    tasks = open_tasks(task_settings(settings), ACTIONS, effects)
    tasks.start()
    action = {each.name: each for each in ACTIONS}[name]
    caller = Caller("token:ci", "token", None, "run")
    task = submit_task(tasks.effects, ACTIONS, caller, one_action(action, given), key=key)
    until = time.monotonic() + SECONDS
    while not task.finished and time.monotonic() < until:
        time.sleep(0.02)
        task = tasks.effects.store.get(task.id)
    outcome = {"status": task.status, **completion(tasks.effects, task)}
    (data / "outcome").write_text(json.dumps(outcome), encoding="utf-8")
    tasks.stop(1)
    os._exit(0)  # threads of the engine may be at rest for long
