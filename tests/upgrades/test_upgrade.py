"""A release goes on with what each earlier one left: its database, its data folder, its tasks."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.tasks.store import TaskStore
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.usecases.tasks.retention import retention_schedule
from tests.faults.processes import migrated
from tests.tools.postgres import Postgres, running_postgres
from tests.tools.server import wait_until
from tests.tools.service import TOKENS
from tests.upgrades.installation import (
    APPS,
    DEPLOY_KEY,
    IMAGE,
    REFUSED,
    SCENEDOCK,
    UNREACHABLE,
    WAITED_FOR,
    WAITS,
    Installation,
    installed,
)

DUMPS = sorted(Path(__file__).parent.glob("*/*.sql"))
SECONDS_BETWEEN = 600
"""For how long nothing ran: what waits is due to look again by then, and what failed may still be tried again."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """An installation of this release on what an earlier one left, and what was known of that."""

    installation: Installation
    left: dict[str, Any]
    started_at: int

    def id(self, name: str) -> str:
        return str(self.left["tasks"][name])

    def completed(self, name: str) -> list[dict[str, Any]]:
        """The events of a task since the upgrade, once it has completed; those from before must stand."""
        self.installation.wait_for(self.id(name), "completed")
        log, before = self.installation.log(self.id(name)), self.left["logs"][name]
        assert log[: len(before)] == before
        return log[len(before) :]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="module", params=DUMPS, ids=lambda dump: f"{dump.parent.name}-{dump.stem}")
def upgraded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: Postgres
) -> Iterator[Upgraded]:
    dump: Path = request.param
    folder, known = tmp_path_factory.mktemp("upgraded"), dump.with_suffix(".json").read_text()
    data = folder / "data"
    seconds = int(time.time() - json.loads(known)["killed_at"] / 1_000) - SECONDS_BETWEEN
    shutil.copytree(dump.parent / "data-with-test-keys", data)
    sql, database = moved(dump.read_text(), seconds), ""
    if dump.stem == "postgresql":
        database = postgres.restore(folder.name, sql)
    else:
        with closing(sqlite3.connect(data / "tasks.db")) as connection:
            connection.executescript(sql)
    with installed(folder / "company", data, database) as installation:
        for number in (REFUSED, UNREACHABLE):
            installation.acme.merge(number)
        if database:
            installation.run("migrate")
        started_at = time.time_ns() // 1_000_000
        installation.start()
        yield Upgraded(installation, json.loads(moved(known, seconds)), started_at)


def moved(text: str, seconds: int) -> str:
    """The text with all its times moved, those in milliseconds and those for people."""

    def later(match: re.Match[str]) -> str:
        return (datetime.fromisoformat(match[0]) + timedelta(seconds=seconds)).isoformat(match["between"])

    text = re.sub(r"\b\d{13}\b", lambda match: str(int(match[0]) + seconds * 1_000), text)
    return re.sub(r"\d{4}-\d\d-\d\d(?P<between>[T ])\d\d:\d\d:\d\d", later, text)


def steps(events: list[dict[str, Any]]) -> set[str]:
    """The steps that events tell of."""
    return {event["body"]["stepId"] for event in events if "stepId" in event["body"]}


def tables(data: Path, database: str, postgres: Postgres) -> str:
    """How all tables are made, the engine's too."""
    if database:
        return postgres.dump(database, "--schema-only")
    with closing(sqlite3.connect(data / "tasks.db")) as connection:
        return "\n".join(map(str, connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")))


def test_its_tables_are_those_that_are_made_from_nothing(
    upgraded: Upgraded, postgres: Postgres, tmp_path: Path
) -> None:
    upgraded.completed("queued")  # SQLite is migrated when there is something to run
    old = upgraded.installation
    new = migrated(tmp_path, postgres.make_database(tmp_path.name) if old.database else "")

    assert tables(old.data, old.database, postgres) == tables(tmp_path / "data", new, postgres)


def test_what_had_ended_our_key_and_the_catalog_read_as_before(upgraded: Upgraded) -> None:
    answers = upgraded.left["answers"]

    assert {question: upgraded.installation.answer(question) for question in answers} == answers


def test_what_stood_in_the_queue_runs_with_the_secrets_that_were_sealed(upgraded: Upgraded) -> None:
    upgraded.completed("queued")

    shared = upgraded.installation.acme.repository("shared")
    assert shared.unsealed() == {"DEPLOY_KEY": DEPLOY_KEY}
    assert {name: each.value for name, each in shared.variables.items()} == {"IMAGE": IMAGE}
    assert "Chart.yaml" in shared.files("main")


def test_what_was_interrupted_goes_on_after_its_last_recorded_step_and_then_comes_who_stood_behind_it(
    upgraded: Upgraded,
) -> None:
    since = upgraded.completed("interrupted")
    upgraded.completed("behind")

    assert since[0]["type"] == "recovered"
    assert steps(since) == {"commit-change"}
    apps = upgraded.installation.acme.repository("apps")
    assert {"shared/Chart.yaml", "behind.md"} <= apps.files("main").keys()
    messages = [commit.message for commit in apps.git.commits("main")]
    assert [sum(upgraded.id(name) in each for each in messages) for name in ("interrupted", "behind")] == [1, 1]


def test_who_waits_for_a_pull_request_waits_on_until_it_is_merged(upgraded: Upgraded) -> None:
    installation, tasks = upgraded.installation, ("waiting", "looking")
    github = installation.acme.github
    wait_until(lambda: len(github.called(f"pulls/{WAITED_FOR}$")) >= len(tasks), "a look of each")
    for name in tasks:
        installation.wait_for(upgraded.id(name), "processing", WAITS)

    installation.acme.merge(WAITED_FOR)
    repository = {"html_url": APPS, "full_name": "acme/apps"}
    number = {"number": WAITED_FOR}
    told = installation.deliver(
        "delivery-2", "pull_request", action="closed", pull_request=number, repository=repository
    )
    assert told == "handled"

    for name in tasks:
        upgraded.completed(name)


def test_what_was_to_be_tried_later_is_tried_again(upgraded: Upgraded) -> None:
    assert steps(upgraded.completed("later")) == {"await-pull-request"}


def test_what_failed_can_be_retried_from_the_step_that_failed(upgraded: Upgraded) -> None:
    upgraded.installation.change(upgraded.id("failed"), "retry")

    assert steps(upgraded.completed("failed")) == {"await-pull-request"}


@pytest.mark.parametrize("name", ["completed", "queued"])
def test_a_key_still_names_its_task(upgraded: Upgraded, name: str) -> None:
    spec = json.loads(upgraded.installation.answer(f"GET /tasks/{upgraded.id(name)}"))["spec"]

    assert upgraded.installation.submit(dict(reversed(spec.items())), key=name) == upgraded.id(name)


def test_a_delivery_that_was_handled_is_not_handled_again(upgraded: Upgraded) -> None:
    assert upgraded.installation.deliver("delivery-1", "ping") == "repeated"


def test_a_schedule_goes_on_after_its_last_tick(upgraded: Upgraded) -> None:
    database = open_database(TaskSettings(upgraded.installation.data, upgraded.installation.database))
    last = TaskStore(database).last_tick("retention", 0)
    database.close()

    assert 0 < last < upgraded.started_at or retention_schedule(30).ticks(last - 1, last) == [last]


@pytest.mark.parametrize(
    "file", sorted(Path(__file__).parent.glob("*/settings.yaml")), ids=lambda file: file.parent.name
)
def test_all_settings_of_an_earlier_release_are_accepted(file: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "skeletons.yaml").write_text("skeletons: []\n", encoding="utf-8")
    (tmp_path / "tokens.yaml").write_text(TOKENS, encoding="utf-8")
    hosts = "hosts: [{host: github.com, type: github, owners: [acme], token_env: TOKEN}]\n"
    (tmp_path / "code-hosts.yaml").write_text(hosts, encoding="utf-8")
    (tmp_path / "cookiecutters").mkdir()
    names = {
        line.partition(":")[0].upper() for line in file.read_text(encoding="utf-8").splitlines() if line[:1] != "#"
    }

    shown = subprocess.run(
        [SCENEDOCK, "settings", "--settings", "settings.yaml"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "TOKEN": "token-0123456789"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.returncode == 0, shown.stderr
    from_the_file = {line.partition("=")[0] for line in shown.stdout.splitlines() if "settings.yaml:" in line}
    assert from_the_file == {f"SCENEDOCK_{name}" for name in names}
    assert len(names) > 20
