"""A process is killed after each of its calls that write in turn; what it was about is there once, all the same.

`make test-all` does it on GitLab, too, after those that read, and before those that write; `SCENEDOCK_SOAK=1` also
before any.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.locations import Locations, fake_locations
from tests.fakes.shared.faults import DroppedError, calling
from tests.publishing.acme import acme_with
from tests.publishing.acme_gitlab import acme_on_gitlab
from tests.publishing.company import READS, Company, Has
from tests.publishing.new_service import SECONDS, Place, run
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
        "scenedock.effects.gitlab.repository",
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
    company: Company
    secrets: tuple[str, ...]
    """What nobody may find in what a process leaves, beside the tokens that the host knows."""
    catalog: Locations
    process: ForkServerProcess | None = None

    def begin(self, name: str) -> ForkServerProcess:
        """Start a process that makes the service, or goes on with it."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        place = Place(self.company.host, self.company.owner, self.company.team("payments"))
        self.process = _forking.Process(target=run, args=(folder, name, place, self.catalog.url, SECRET))
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
        """What was asked since the last time, of the code host and then of the catalog."""
        made = [*self.company.fake.called(), *self.catalog.calls]
        self.company.fake.calls.clear()
        self.catalog.calls.clear()
        return made


@contextmanager
def on_github(folder: Path) -> Iterator[Lane]:
    """A company on GitHub, for which we are an App."""
    with acme_with(folder) as company, fake_locations() as catalog:
        app = company.github.world.app("scenedock", "acme", dict.fromkeys(PERMISSIONS, "write"))
        company.github.world.install(app, "acme")
        company.host = company.github.url.removeprefix("http://")
        (folder / "app.pem").write_text(app.private_key, encoding="utf-8")
        company.hosts.write_text(HOST.format(host=company.host, url=company.github.url, app=app.id), encoding="utf-8")
        yield Lane(folder, company, tuple(app.private_key.splitlines()[1:-1]), catalog)


@contextmanager
def on_gitlab(folder: Path) -> Iterator[Lane]:
    """A company on GitLab, for which we have a token of its group."""
    with acme_on_gitlab(folder) as company, fake_locations() as catalog:
        world = company.gitlab.world
        token = world.group_token(world.groups["acme"], "api")
        (folder / "token").write_text(token, encoding="utf-8")
        yield Lane(folder, company, (), catalog)


def traces(lane: Lane, name: str) -> list[str]:
    """The files that a process has left (its log with all that libraries say, the database, folders) with a secret."""
    files = [path for path in (lane.folder / name).rglob("*") if path.is_file()]
    places = {path.name: path.read_bytes().decode("latin-1") for path in files}
    assert re.search("POST .*/apps/(pulls|merge_requests)", places["log"].replace("%2F", "/"))
    assert any(b"SQLite" in path.read_bytes()[:16] for path in files)
    return found(places, SECRET, *lane.company.tokens(), *lane.secrets)


def is_made(lane: Lane, name: str) -> None:
    """One repository, one pull request, one Location, each as it was asked for; and the task knows them."""
    outcome: dict[str, Any] = json.loads((lane.folder / name / "outcome").read_bytes())
    assert outcome["status"] == "completed", outcome
    company = lane.company
    repository, apps = company.repository(name), company.repository("apps")
    (commit,) = repository.git.commits("trunk")
    assert list(repository.git.refs()) == ["refs/heads/trunk"]
    assert {"Dockerfile", "catalog-info.yaml", "logo.png"} <= repository.files("trunk").keys()
    assert company.has(name) == Has(
        description=f"The service {name}",
        topics=["python"],
        default_branch="trunk",
        teams={"payments": "maintain"},
        variables={"IMAGE": name},
        secrets={"DEPLOY_KEY": SECRET},
        protected=["trunk"],
    )
    (pull,) = (each for each in company.pulls().values() if each.head == f"deploy-{name}")
    assert (pull.title, pull.labels, pull.reviewers) == (
        f"Deploy {name}",
        ["new service"],
        ["bob"],
    )
    assert len(apps.git.commits(f"main..deploy-{name}")) == 1
    assert f"{name}/Chart.yaml" in apps.files(f"deploy-{name}")
    (location,) = (key for key, target in lane.catalog.registered.items() if f"/{name}/" in target)
    assert outcome["output"] == {"commit": commit.sha, "number": pull.number, "location": location}


@dataclass(frozen=True)
class Trial:
    """Kill at one call of an undisturbed run: the `number`-th of those to the code host or to the catalog."""

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
            lane.company.struck.add(at=self.number, before=calling(lambda: self._vanish(lane)))
        else:
            lane.company.struck.add(at=self.number, after=calling(lane.kill))

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
        lane.company.struck.clear()
        lane.catalog.before, lane.catalog.after = lambda _number: True, lambda _number: None
        assert killed == -signal.SIGKILL, f"{self}: it was never killed, but ended with {killed}"
        assert lane.end(lane.begin(self.name)) == 0, str(self)
        is_made(lane, self.name)


def trials(host: list[str], catalog: list[str], *, every: bool) -> list[Trial]:
    """After each call that writes; with `every`, also after the others, and before those (`SCENEDOCK_SOAK`: any)."""
    made: list[Trial] = []
    for to_catalog, calls in ((False, host), (True, catalog)):
        for number, call in enumerate(calls, 1):
            for before in (False, True):
                writes = not READS.match(call)
                if (not before or writes or os.environ.get("SCENEDOCK_SOAK")) if every else (writes and not before):
                    made.append(Trial(f"service-{len(made) + 1}", number, call, to_catalog, before))
    return made


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.extended)], ids=["writing", "every"])
@pytest.mark.parametrize("lane_in", [on_github, pytest.param(on_gitlab, marks=pytest.mark.extended)])
def test_a_new_service_is_made_once_after_whichever_call_the_process_is_killed(
    tmp_path: Path, lane_in: Callable[[Path], AbstractContextManager[Lane]], *, every: bool
) -> None:
    with ExitStack() as opened:
        lanes = [opened.enter_context(lane_in(tmp_path / f"lane-{number}")) for number in range(LANES)]
        first = lanes[0]
        assert first.end(first.begin("service-0")) == 0, (first.folder / "service-0" / "log").read_text()[-3000:]
        is_made(first, "service-0")
        assert traces(first, "service-0") == []
        planned = trials(first.company.fake.called(), first.catalog.calls, every=every)
        wrong: list[str] = []
        with ThreadPoolExecutor(LANES) as pool:
            for said in pool.map(lambda number: _run_all(lanes[number], planned[number::LANES]), range(LANES)):
                wrong += said
    assert len(planned) > (40 if every else 10)
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
