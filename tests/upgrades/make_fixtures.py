"""Keep what an installation of this release leaves when it is killed: `python -m tests.upgrades.make_fixtures`."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scenedock.model.json import Json, JsonObject
from tests.fakes.github.faults import DroppedError, unavailable
from tests.tools.postgres import running_postgres
from tests.tools.server import wait_until
from tests.upgrades.installation import (
    APPS,
    DEPLOY_KEY,
    IMAGE,
    REFUSED,
    UNREACHABLE,
    WAITED_FOR,
    WAITS,
    Installation,
    installed,
)

HERE = Path(__file__).parent
BAKED = "${{ steps.bake-skeleton.output.folder }}"


def task(*steps: tuple[str, Mapping[str, Json]], **output: str) -> JsonObject:
    """The spec of a task whose steps are actions with their input, and are called like them."""
    listed: list[Json] = [{"id": name, "action": f"scenedock:{name}", "input": given} for name, given in steps]
    return {"steps": listed, "output": dict(output)}


def bake() -> tuple[str, JsonObject]:
    answers: JsonObject = {"name": "shared", "owner": "group:default/platform"}
    return "bake-skeleton", {"skeleton": "library-chart", "answers": answers}


def await_pull_request(number: int) -> tuple[str, JsonObject]:
    return "await-pull-request", {"pullRequestUrl": f"{APPS}/pull/{number}"}


def commit(**what: Json) -> tuple[str, JsonObject]:
    return "commit-change", {"repoUrl": APPS, "branch": "main", "commitMessage": "Change", **what}


def publish() -> tuple[str, JsonObject]:
    return "publish-repository", {
        "repoUrl": "https://github.com/acme/shared",
        "folder": BAKED,
        "variables": {"IMAGE": "${{ secrets.image }}"},
        "secrets": {"DEPLOY_KEY": DEPLOY_KEY},
    }


def leave(installation: Installation) -> dict[str, Any]:
    """Kill the processes amid tasks in every state; answers what was known of those by then."""
    submit, wait_for = installation.submit, installation.wait_for
    github = installation.acme.github
    installation.acme.close(REFUSED)
    ended = {
        "completed": submit(task(bake(), folder=BAKED), key="completed"),
        "failed": submit(task(bake(), await_pull_request(REFUSED))),
        "cancelled": submit(task(await_pull_request(WAITED_FOR))),
    }
    wait_for(ended["completed"], "completed")
    wait_for(ended["failed"], "failed")
    wait_for(ended["cancelled"], "processing", WAITS)
    installation.change(ended["cancelled"], "cancel")
    begun = {"waiting": submit(task(await_pull_request(WAITED_FOR)))}
    wait_for(begun["waiting"], "processing", WAITS)
    installation.deliver("delivery-1", "ping")
    questions = [f"GET /tasks/{task_id}{what}" for task_id in ended.values() for what in ("", "/log")]
    questions += [f"scenedock tasks {what} {ended['completed']}" for what in ("show", "log")]
    questions += [f"GET /{path}" for path in (".backstage/auth/v1/jwks.json", "catalog/entities-2.yaml")]
    answers = {question: installation.answer(question) for question in questions}

    killed = threading.Event()

    def hang() -> None:
        killed.wait()
        raise DroppedError

    github.calls.clear()
    github.faults.add(f"GET .*/pulls/{UNREACHABLE}", before=unavailable(), times=None)
    github.faults.add(f"(GET .*/pulls/{WAITED_FOR}|PATCH .*/refs/heads/main)$", before=hang, times=None)
    begun["interrupted"] = submit(task(bake(), commit(folder=BAKED, targetPath="shared")))
    wait_until(lambda: bool(github.called("PATCH")), "a commit")
    begun["behind"] = submit(task(commit(files=[{"path": "behind.md", "content": ""}])))
    wait_for(begun["behind"], "processing", f"another task has branch {APPS}#main")
    begun["later"] = submit(task(await_pull_request(UNREACHABLE)))
    wait_for(begun["later"], "processing", "until the next try")
    begun["looking"] = submit(task(await_pull_request(WAITED_FOR)))
    wait_until(lambda: bool(github.called(f"pulls/{WAITED_FOR}$")), "a look at the pull request")
    begun["queued"] = submit(task(bake(), publish()), key="queued", image=IMAGE)
    tasks = {**ended, **begun}
    logs = {name: installation.log(task_id) for name, task_id in tasks.items()}
    installation.kill()
    killed.set()
    return {"killed_at": time.time_ns() // 1_000_000, "tasks": tasks, "logs": logs, "answers": answers}


def keep(folder: Path, database: str, left: dict[str, Any], dump: str) -> None:
    """Write what is left of a database and its tasks."""
    (folder / f"{database}.sql").write_text(_nameless(dump))
    (folder / f"{database}.json").write_text(json.dumps(left, indent=2) + "\n")


def _nameless(text: str) -> str:
    """Text, or a file's name, without the name of this machine, with which those of executors begin."""
    return re.sub(rf"\b{re.escape(socket.gethostname())}(?=-\d+-[0-9a-f]{{8}}\b)", "host", text)


def main(folder: Path) -> None:
    """Make all fixtures, in a new folder."""
    folder.mkdir()
    with tempfile.TemporaryDirectory() as made, running_postgres() as postgres:
        work, data = Path(made), folder / "data-with-test-keys"
        with installed(work / "sqlite", data) as installation:
            chart = work / "sqlite" / "apps" / "billing" / "Chart.yaml"
            chart.parent.mkdir(parents=True)
            chart.write_text("apiVersion: v2\nname: billing\nversion: 1.0.0\n")
            installation.start()
            left = leave(installation)
        with closing(sqlite3.connect(data / "tasks.db")) as database:
            keep(folder, "sqlite", left, "".join(f"{line}\n" for line in database.iterdump()))
        for file in data.glob("tasks.db*"):
            file.unlink()
        url = postgres.make_database("tasks")
        with installed(work / "postgresql", data, url) as installation:
            installation.run("migrate")
            installation.start()
            keep(folder, "postgresql", leave(installation), postgres.dump(url))
    for executor in (data / "executors").iterdir():
        executor.rename(executor.with_name(_nameless(executor.name)))


if __name__ == "__main__":
    main(HERE / version("scenedock"))
