"""The same kind of task in a real Backstage backend: three steps of `debug:log`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools.backstage import backend_server
from tests.tools.frontend import Frontend
from tests.tools.server import Server, free_port, wait_until

TASKS = 100
_TEMPLATE = {
    "apiVersion": "scaffolder.backstage.io/v1beta3",
    "kind": "Template",
    "metadata": {"name": "logs"},
    "spec": {
        "type": "service",
        "steps": [{"id": f"s{n}", "action": "debug:log", "input": {"message": f"line {n}"}} for n in range(3)],
    },
}


def backstage_tasks_a_second(folder: Path) -> float:
    """How many tasks end in a second, from the first submission to the last end."""
    with _backstage(folder) as frontend:
        frontend.run("logs", {})  # whoever comes first pays for what is loaded late
        before = time.monotonic()
        body = {"templateRef": "template:default/logs", "values": {}, "secrets": {}}
        for _ in range(TASKS):
            frontend.ask("POST", "scaffolder/v2/tasks", body)
        wait_until(lambda: _completed(frontend) > TASKS, "the end of all tasks")
        return TASKS / (time.monotonic() - before)


def _completed(frontend: Frontend) -> int:
    listed = frontend.ask("GET", "scaffolder/v2/tasks?status=completed&limit=1")
    return int(listed["totalTasks"])


@contextmanager
def _backstage(folder: Path) -> Iterator[Frontend]:
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "logs.yaml").write_text(json.dumps(_TEMPLATE), encoding="utf-8")
    code, address = (f"127.0.0.1:{free_port()}" for _ in range(2))
    host, _, port = code.partition(":")
    command = [sys.executable, "-m", "http.server", port, "--bind", host, "--directory", str(folder / "code")]
    files = Server(command, {}, folder, f"http://{code}/", folder / "code.log")
    settings = {
        "backend": {"reading": {"allow": [{"host": code}]}},
        "catalog": {
            "rules": [{"allow": ["Template", "Location"]}],
            "locations": [{"type": "url", "target": f"http://{code}/logs.yaml"}],
        },
    }
    backstage = backend_server(folder, address, settings, {})
    try:
        files.start()
        backstage.start()
        frontend = Frontend(f"http://{address}")
        frontend.sign_in()
        wait_until(lambda: frontend.has(["template:default/logs"]), "the Template in the catalog")
        yield frontend
    finally:
        backstage.stop()
        files.stop()
