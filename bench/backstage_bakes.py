"""Fifty people start a service at once in a real Backstage: with our action, and with Backstage's own `fetch:template`.

python -m bench.backstage_bakes

Both make the same number of files of nearly the same text. Each way runs several times, alternating; what is compared
is the time from the first submission to the last end.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.http import ROOT
from tests.e2e.company import House, company_in
from tests.fakes.github.server import fake_github
from tests.skeletons.shipped.world import bake
from tests.tools.backstage import backend_server
from tests.tools.frontend import Frontend
from tests.tools.server import Server, free_port, wait_until

AT_ONCE = 50
WAITING = 20
TIMES = 3
NAME = "name-of-the-service"
OWNER = "group:default/payments"
ANSWERS = {"name": "${{ parameters.name }}", "owner": OWNER}
BAKE = {"skeleton": "microservice-python", "answers": ANSWERS, "requestId": "${{ context.task.id }}-bake"}
STEPS: dict[str, list[dict[str, Any]]] = {
    "template": [
        {
            "id": "fetch",
            "action": "fetch:template",
            "input": {"url": "./skeleton", "values": {"name": "${{ parameters.name }}"}},
        }
    ],
    "bake-and-fetch": [
        {"id": "bake", "action": "scenedock:bake-skeleton", "input": BAKE},
        {"id": "fetch", "action": "fetch:plain", "input": {"url": "${{ steps.bake.output.url }}"}},
    ],
    "bake": [{"id": "bake", "action": "scenedock:bake-skeleton", "input": BAKE}],
}


def main() -> None:
    """Measure all ways, and print their medians and ratios."""
    with tempfile.TemporaryDirectory() as folder, backstage_and_service(Path(folder)) as frontend:
        took: dict[str, list[float]] = {name: [] for name in STEPS}
        for name in STEPS:  # whoever comes first pays for what is loaded late
            all_at_once(frontend, name, AT_ONCE)
        for _ in range(TIMES):
            for name, seconds in took.items():
                seconds.append(all_at_once(frontend, name, AT_ONCE))
        refused = ended(frontend, "failed")
    medians = {name: statistics.median(seconds) for name, seconds in took.items()}
    for name, median in medians.items():
        ratio = median / medians["template"]
        sys.stdout.write(f"{AT_ONCE} Templates at once, {name:<16}{median:>7.2f} s{ratio:>7.2f} of fetch:template\n")
    sys.stdout.write(f"refused: {refused}\n")
    compare_with_waiting()


def compare_with_waiting() -> None:
    """Print how long bakes take alone, and while as many other Templates wait for merges."""
    with tempfile.TemporaryDirectory() as name, fake_github(Path(name) / "github") as github:
        company = company_in(Path(name), github, House(tasks_at_once=AT_ONCE))
        try:
            company.start()
            bakes = partial(all_at_once, company.frontend, "bakes-a-service", WAITING)
            alone = statistics.median(bakes() for _ in range(TIMES + 1))
            values = {"repoUrl": company.github.picked("apps")}
            submit_all(company.frontend, "waits-for-a-merge", WAITING, values)
            wait_until(lambda: company.waiting_for_merges() == WAITING, "tasks that wait for a merge")
            meanwhile = statistics.median(bakes() for _ in range(TIMES))
        finally:
            company.stop()
    ratio = meanwhile / alone
    sys.stdout.write(
        f"{WAITING} bakes alone {alone:.2f} s, while {WAITING} wait for merges {meanwhile:.2f} s: {ratio:.2f}\n"
    )


def all_at_once(frontend: Frontend, template: str, count: int) -> float:
    """Seconds until all have ended that so many people start at once."""
    before = ended(frontend, "completed", "failed")
    began = time.monotonic()
    submit_all(frontend, template, count, {})
    wait_until(lambda: ended(frontend, "completed", "failed") == before + count, "the end of all")
    return time.monotonic() - began


def submit_all(frontend: Frontend, template: str, count: int, values: Mapping[str, str]) -> None:
    """Start a Template for so many people at once."""

    def submit(number: int) -> None:
        given = {"name": f"service-{number}", **values}
        body = {"templateRef": f"template:default/{template}", "values": given, "secrets": {}}
        frontend.ask("POST", "scaffolder/v2/tasks", body)

    frontend.hang_up()
    with ThreadPoolExecutor(count) as people:
        list(people.map(submit, range(count)))


def ended(frontend: Frontend, *statuses: str) -> int:
    """How many tasks have ended so, by one question: each takes processor time of Backstage."""
    asked = "&".join(f"status={status}" for status in statuses)
    listed = frontend.ask("GET", f"scaffolder/v2/tasks?{asked}&limit=1")
    return int(listed["totalTasks"])


@contextmanager
def backstage_and_service(folder: Path) -> Iterator[Frontend]:
    """A Backstage that runs fifty tasks at once and knows the Templates, and our service with its defaults."""
    address, service, folders = (f"127.0.0.1:{free_port()}" for _ in range(3))
    settings = {
        "SCENEDOCK_DATA": str(folder / "data"),
        "SCENEDOCK_LISTEN": service,
        "SCENEDOCK_FOLDERS_LISTEN": folders,
        "SCENEDOCK_BACKSTAGE_URL": f"http://{address}",
    }
    command = [str(Path(sys.executable).with_name("scenedock")), "serve"]
    ours = Server(command, settings, ROOT, f"http://{service}/healthz", folder / "scenedock.log")
    endpoint = {"target": f"http://{service}/api/{{{{pluginId}}}}", "plugins": ["scenedock"]}
    targets = [{"type": "file", "target": str(path)} for path in written_templates(folder)]
    app_config = {
        "discovery": {"endpoints": [endpoint]},
        "backend": {"actions": {"pluginSources": ["scenedock"]}, "reading": {"allow": [{"host": folders}]}},
        "integrations": {"gitea": [{"host": folders, "baseUrl": f"http://{folders}"}]},
        "scaffolder": {"concurrentTasksLimit": AT_ONCE},
        "catalog": {"rules": [{"allow": ["Template", "Location"]}], "locations": targets},
    }
    backstage = backend_server(folder, address, app_config, {})
    try:
        ours.start()
        backstage.start()
        frontend = Frontend(f"http://{address}")
        frontend.sign_in()
        wait_until(lambda: frontend.has([f"template:default/{name}" for name in STEPS]), "the Templates")
        yield frontend
    finally:
        backstage.stop()
        ours.stop()


def written_templates(folder: Path) -> Iterator[Path]:
    """The files of the Templates; beside them the folder that `fetch:template` fills in: what a bake has made."""
    made = bake("microservice-python", folder, {"name": NAME, "owner": OWNER})
    made.rename(folder / "skeleton")
    for file in (folder / "skeleton").rglob("*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8").replace("${{", "$ {{").replace(NAME, "${{ values.name }}")
            file.write_text(text, encoding="utf-8")
    for name, steps in STEPS.items():
        template = {
            "apiVersion": "scaffolder.backstage.io/v1beta3",
            "kind": "Template",
            "metadata": {"name": name},
            "spec": {
                "type": "service",
                "parameters": {"properties": {"name": {"type": "string"}}},
                "steps": [{"name": step["id"], **step} for step in steps],
            },
        }
        file = folder / f"{name}.yaml"
        file.write_text(json.dumps(template), encoding="utf-8")
        yield file


if __name__ == "__main__":
    main()
