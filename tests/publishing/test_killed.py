"""A process is killed after each of its calls to others in turn; what it was about is there once, all the same.

`SCENEDOCK_SOAK=1` kills before the effect of every call, too, and not only of those that write.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tests.fakes.github.faults import DroppedError, calling
from tests.fakes.github.model import Repository
from tests.fakes.github.server import FakeGitHub, fake_github
from tests.fakes.locations import Locations, fake_locations
from tests.publishing.new_service import SECONDS, run
from tests.publishing.test_canary import found

SECRET = 'value+/"of-a-secret-41c7'  # noqa: S105 - it opens nothing
PERMISSIONS = (
    "administration", "contents", "members", "pull_requests", "workflows", "actions_variables", "secrets",
)  # fmt: skip
HOST = """hosts:
  - host: {host}
    type: github
    api: {url}
    owners: [acme]
    app: {{id: "{app}", private_key_file: app.pem}}
"""
LANES = 3
# `start` polls every process of every lane, and a process's exit code can be read once: so one thread at a time.
_reading_exit_codes = threading.Lock()

# The child has everything imported when it begins, and no thread of this process in it.
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(
    [
        "tests.publishing.new_service",
        "scenedock.effects.tasks.engine",
        "scenedock.effects.github.auth",
        "scenedock.effects.github.repository",
        "dbos._sys_db_sqlite",
        "sqlalchemy.dialects.sqlite",
        "binaryornot.helpers",
        "cryptography.fernet",
        "nacl.public",
    ]
)


@dataclass
class Lane:
    """A company of one's own, in which one service after the other is made. `process` is the one that is at it."""

    folder: Path
    github: FakeGitHub
    catalog: Locations
    process: ForkServerProcess | None = None

    def begin(self, name: str) -> ForkServerProcess:
        """Start a process that makes the service, or goes on with it."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        host = self.github.url.removeprefix("http://")
        self.process = _forking.Process(target=run, args=(folder, name, host, self.catalog.url, SECRET))
        with _reading_exit_codes:
            self.process.start()
        return self.process

    def kill(self) -> None:
        """Kill the process; it is gone when this returns."""
        assert self.process
        self.process.kill()
        wait([self.process.sentinel], SECONDS)  # its exit code is for whoever joins it

    def end(self, process: ForkServerProcess) -> int | None:
        """Wait for a process to end, and say how it did."""
        if not wait([process.sentinel], SECONDS):
            process.kill()
        with _reading_exit_codes:
            return process.exitcode

    def calls(self) -> list[str]:
        """What was asked since the last time, of GitHub and then of the catalog."""
        made = [*self.github.called(), *self.catalog.calls]
        self.github.calls.clear()
        self.catalog.calls.clear()
        return made


@contextmanager
def lane_in(folder: Path) -> Iterator[Lane]:
    """A company whose GitOps repository is acme/apps, and for which we are an App."""
    folder.mkdir()
    with fake_github(folder / "github") as github, fake_locations() as catalog:
        world = github.world
        world.organization("acme", admins=("ada",), members=("bob",))
        world.team("acme", "payments")
        apps = world.create_repository("acme", "apps")
        world.commit("acme/apps", apps.default_branch, {"README.md": "# Deployments\n"})
        app = world.app("scenedock", "acme", dict.fromkeys(PERMISSIONS, "write"))
        world.install(app, "acme")
        (folder / "app.pem").write_text(app.private_key, encoding="utf-8")
        listed = HOST.format(host=github.url.removeprefix("http://"), url=github.url, app=app.id)
        (folder / "hosts.yaml").write_text(listed, encoding="utf-8")
        yield Lane(folder, github, catalog)


def traces(lane: Lane, name: str) -> list[str]:
    """The files that a process has left (its log with all that libraries say, the database, folders) with a secret."""
    files = [path for path in (lane.folder / name).rglob("*") if path.is_file()]
    (app,) = lane.github.world.apps.values()
    key = app.private_key.splitlines()[1:-1]
    places = {path.name: path.read_bytes().decode("latin-1") for path in files}
    assert "POST /repos/acme/apps/pulls" in places["log"]
    assert any(b"SQLite" in path.read_bytes()[:16] for path in files)
    return found(places, SECRET, *lane.github.world.tokens, *key)


def is_made(lane: Lane, name: str) -> None:
    """One repository, one pull request, one Location, each as it was asked for; and the task knows them."""
    outcome: dict[str, Any] = json.loads((lane.folder / name / "outcome").read_bytes())
    assert outcome["status"] == "completed", outcome
    repository, apps = lane.github.world.repository(f"acme/{name}"), lane.github.world.repository("acme/apps")
    (commit,) = repository.git.commits("trunk")
    assert list(repository.git.refs()) == ["refs/heads/trunk"]
    assert {"Dockerfile", "catalog-info.yaml", "logo.png"} <= repository.files("trunk").keys()
    assert what_it_has(repository) == {
        "description": f"The service {name}",
        "default branch": "trunk",
        "topics": ["python"],
        "teams": {"payments": "maintain"},
        "variables": {"IMAGE": name},
        "secrets": {"DEPLOY_KEY": SECRET},
        "protected": ["trunk"],
    }
    (pull,) = (each for each in apps.pulls.values() if each.head == f"deploy-{name}")
    assert (pull.title, pull.labels, [each.login for each in pull.reviewers]) == (
        f"Deploy {name}",
        ["new service"],
        ["bob"],
    )
    assert len(apps.git.commits(f"main..deploy-{name}")) == 1
    assert f"{name}/Chart.yaml" in apps.files(f"deploy-{name}")
    (location,) = (key for key, target in lane.catalog.registered.items() if f"/{name}/" in target)
    assert outcome["output"] == {"commit": commit.sha, "number": pull.number, "location": location}


def what_it_has(repository: Repository) -> dict[str, Any]:
    """All that a repository has beside its files."""
    return {
        "description": repository.description,
        "default branch": repository.default_branch,
        "topics": repository.topics,
        "teams": repository.teams,
        "variables": {name: each.value for name, each in repository.variables.items()},
        "secrets": repository.unsealed(),
        "protected": list(repository.protection),
    }


@dataclass(frozen=True)
class Trial:
    """Kill at one call of an undisturbed run: the `number`-th of those to GitHub or to the catalog."""

    name: str
    number: int
    call: str
    to_catalog: bool
    before: bool

    def __str__(self) -> str:
        return f"{self.name}: killed {'before' if self.before else 'after'} {self.call}"

    def arm(self, lane: Lane) -> None:
        """Kill at that call, once."""
        if self.to_catalog:
            lane.catalog.before = lambda number: not (self.before and self._kills(lane, number))
            lane.catalog.after = lambda number: not self.before and self._kills(lane, number)
        elif self.before:
            lane.github.faults.add(at=self.number, before=calling(lambda: self._vanish(lane)))
        else:
            lane.github.faults.add(at=self.number, after=calling(lane.kill))

    def _kills(self, lane: Lane, number: int) -> bool:
        if number == self.number:
            lane.kill()
        return number == self.number

    def _vanish(self, lane: Lane) -> None:
        lane.kill()
        raise DroppedError

    def run(self, lane: Lane) -> None:
        """Kill, begin again, and judge."""
        lane.calls()
        self.arm(lane)
        killed = lane.end(lane.begin(self.name))
        lane.github.faults.clear()
        lane.catalog.before, lane.catalog.after = lambda _number: True, lambda _number: None
        assert killed == -signal.SIGKILL, f"{self}: it was never killed, but ended with {killed}"
        assert lane.end(lane.begin(self.name)) == 0, str(self)
        is_made(lane, self.name)


def trials(github: list[str], catalog: list[str]) -> list[Trial]:
    """After each call, and before each that writes (with `SCENEDOCK_SOAK`, before any)."""
    made: list[Trial] = []
    for to_catalog, calls in ((False, github), (True, catalog)):
        for number, call in enumerate(calls, 1):
            for before in (False, True):
                if not before or not call.startswith("GET ") or os.environ.get("SCENEDOCK_SOAK"):
                    made.append(Trial(f"service-{len(made) + 1}", number, call, to_catalog, before))
    return made


def test_a_new_service_is_made_once_after_whichever_call_the_process_is_killed(tmp_path: Path) -> None:
    with ExitStack() as opened:
        lanes = [opened.enter_context(lane_in(tmp_path / f"lane-{number}")) for number in range(LANES)]
        first = lanes[0]
        assert first.end(first.begin("service-0")) == 0, (first.folder / "service-0" / "log").read_text()[-3000:]
        is_made(first, "service-0")
        assert traces(first, "service-0") == []
        planned = trials(first.github.called(), first.catalog.calls)
        wrong: list[str] = []
        with ThreadPoolExecutor(LANES) as pool:
            for said in pool.map(lambda number: _run_all(lanes[number], planned[number::LANES]), range(LANES)):
                wrong += said
    assert len(planned) > 40
    assert wrong == []


def _run_all(lane: Lane, planned: list[Trial]) -> list[str]:
    """What went wrong."""
    wrong: list[str] = []
    for trial in planned:
        try:
            trial.run(lane)
        except AssertionError as error:
            wrong.append(f"{trial}\n{error}")
    return wrong
