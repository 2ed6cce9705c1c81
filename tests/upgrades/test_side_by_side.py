"""An older release beside this one on the same PostgreSQL, as while an upgrade replaces one process after the other.

`SCENEDOCK_OLDER` names the older release's command. Without it, both are this release: a rolling restart.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.tools.postgres import running_postgres
from tests.tools.server import wait_until
from tests.upgrades.installation import APPS, SCENEDOCK, WAITED_FOR, WAITS, Installation, installed
from tests.upgrades.make_fixtures import BAKED, await_pull_request, bake, commit, task

OLDER = os.environ.get("SCENEDOCK_OLDER", SCENEDOCK)
_COMMITS = "PATCH .*/refs/heads/main$"

pytestmark = pytest.mark.extended


@dataclass(frozen=True, slots=True)
class Both:
    """The two installations; the younger one has migrated the database under the older one."""

    older: Installation
    younger: Installation
    waiting: str
    amid: str
    """The task whose commit the older worker is making."""
    answer: threading.Event
    """Let GitHub answer about that commit."""

    def commits(self, task_id: str) -> int:
        """How many commits of main are a task's."""
        commits = self.older.acme.repository("apps").git.commits("main")
        return sum(task_id in commit.message for commit in commits)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder, answer = tmp_path_factory.mktemp("both"), threading.Event()

    def hold() -> None:
        answer.wait(60)

    with running_postgres() as postgres:
        url = postgres.make_database("tasks")
        with installed(folder / "company", folder / "data", url) as younger:
            older = Installation(younger.acme, younger.data, url, OLDER)
            try:
                older.run("migrate")
                older.start()
                waiting = older.submit(task(await_pull_request(WAITED_FOR)))
                older.wait_for(waiting, "processing", WAITS)
                younger.acme.github.faults.add(_COMMITS, before=hold, times=1)
                amid = older.submit(task(bake(), commit(folder=BAKED, targetPath="amid")))
                wait_until(lambda: bool(younger.acme.github.called("PATCH")), "a commit of the older worker")
                younger.run("migrate")
                younger.start()
                wait_until(lambda: _workers(url) >= 1 + (OLDER == SCENEDOCK), "the younger worker")
                yield Both(older, younger, waiting, amid, answer)
            finally:
                answer.set()
                older.kill()


def _workers(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM executor").fetchone()
    return int(found[0]) if found else 0


def test_the_younger_worker_leaves_the_older_one_its_step(both: Both) -> None:
    for installation, other in ((both.older, both.younger), (both.younger, both.older)):
        task_id = installation.submit(task(bake()))
        other.wait_for(task_id, "completed")
        assert installation.log(task_id) == other.log(task_id)

    both.answer.set()
    both.younger.wait_for(both.amid, "completed")
    assert both.commits(both.amid) == 1
    assert "recovered" not in {event["type"] for event in both.younger.log(both.amid)}


def test_what_the_older_worker_hands_over_goes_on(both: Both) -> None:
    both.older.stop_running_tasks()
    both.younger.acme.merge(WAITED_FOR)
    repository = {"html_url": APPS, "full_name": "acme/apps"}
    number = {"number": WAITED_FOR}
    both.older.deliver("delivery-1", "pull_request", action="closed", pull_request=number, repository=repository)

    both.younger.wait_for(both.waiting, "completed")


def test_a_process_of_the_older_release_that_starts_now_says_what_to_do(both: Both) -> None:
    if OLDER == SCENEDOCK:
        with psycopg.connect(both.older.database) as connection:  # so it is newer for this release
            connection.execute("INSERT INTO task_schema VALUES (999)")
    for command in (["worker"], ["migrate"], ["tasks", "list"]):
        refused = both.older.attempt(*command)

        assert refused.returncode == 4
        assert refused.stderr.startswith("Error: the database of tasks has version ")
        assert "the newer release" in refused.stderr
        assert "scenedock migrate" not in refused.stderr
