"""A process in which one task starts a service: its repository, its deployment's pull request, its Location."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from scenedock.actions import ACTIONS
from scenedock.model.action import Caller
from scenedock.model.json import JsonObject
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.settings import task_settings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.runtime.wiring import open_effects
from scenedock.usecases.tasks.manage_tasks import completion
from scenedock.usecases.tasks.submit_task import submit_task

CALLER = Caller("token:ci", "token", "user:default/jane", "run")
SECONDS = 120


@dataclass(frozen=True)
class Place:
    """Where services are made: the host, who owns their repositories, and a team that gets access to them."""

    host: str
    owner: str
    team: str


def new_service(name: str, place: Place, secret: str) -> JsonObject:
    """The task: what the Template for a new service does, and all else that a repository can have."""
    owner = "group:default/payments"
    service: JsonObject = {"name": name, "owner": owner, "organisation": "acme", "component": "deployment"}
    deployment: JsonObject = {"service": name, "owner": owner, "image": f"ghcr.io/acme/{name}"}
    steps: list[tuple[str, str, JsonObject]] = [
        ("service", "bake-skeleton", {"skeleton": "microservice-python", "answers": service}),
        ("deployment", "bake-skeleton", {"skeleton": "deployment", "answers": deployment}),
        (
            "publish",
            "publish-repository",
            {
                "repoUrl": f"{place.host}?{urlencode({'owner': place.owner, 'repo': name})}",
                "folder": "${{ steps.service.output.folder }}",
                "files": [{"path": "logo.png", "content": "AAEC", "encoding": "base64"}],
                "description": f"The service {name}",
                "defaultBranch": "trunk",
                "topics": ["python"],
                "teams": [{"team": place.team, "permission": "maintain"}],
                "variables": {"IMAGE": name},
                "secrets": {"DEPLOY_KEY": secret},
                "branchProtection": {"approvals": 1},
            },
        ),
        (
            "propose",
            "propose-change",
            {
                "repoUrl": f"{place.host}/{place.owner}/apps",
                "folder": "${{ steps.deployment.output.folder }}",
                "targetPath": name,
                "branch": f"deploy-{name}",
                "title": f"Deploy {name}",
                "labels": ["new service"],
                "reviewers": ["bob"],
            },
        ),
        ("register", "register-in-catalog", {"repoUrl": f"{place.host}/{place.owner}/{name}", "branch": "trunk"}),
    ]
    return {
        "steps": [{"id": key, "action": f"scenedock:{action}", "input": given} for key, action, given in steps],
        "output": {
            "commit": "${{ steps.publish.output.commitHash }}",
            "number": "${{ steps.propose.output.number }}",
            "location": "${{ steps.register.output.locationId }}",
        },
    }


def run(folder: Path, name: str, place: Place, backstage: str, secret: str) -> None:
    """Submit the task, unless an earlier process has, and run until it has ended; `outcome` in the folder tells how."""
    logging.basicConfig(filename=folder / "log", level=logging.DEBUG, format="%(relativeCreated)d %(name)s %(message)s")
    settings = Settings(
        data=folder / "data", code_hosts=folder.parent / "hosts.yaml", backstage_url=backstage, task_threads=2
    )
    effects = open_effects(settings, lambda: tasks.effects)
    tasks = open_tasks(task_settings(settings), ACTIONS, effects)
    tasks.start()
    task = submit_task(
        tasks.effects, ACTIONS, CALLER, new_service(name, place, secret), secrets={"unused": secret}, key="new service"
    )
    until = time.monotonic() + SECONDS
    while not task.finished and time.monotonic() < until:
        time.sleep(0.02)
        task = tasks.effects.store.get(task.id)
    outcome = {"status": task.status, **completion(tasks.effects, task)}
    (folder / "outcome").write_text(json.dumps(outcome), encoding="utf-8")
    tasks.stop(1)
    os._exit(0)  # threads of the engine may be at rest for long
