"""What docs/operate.md says about backups is run as it stands there, and brings back tasks, secrets and keys."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scenedock.effects.tasks.storage.database import Database, database_address
from scenedock.effects.tasks.storage.inspection import Inspection
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.runtime.tasks.wiring import seal_of
from scenedock.usecases.doctor.database import check_database
from tests.tools.postgres import Postgres, running_postgres

HERE = Path(__file__).parent
DOCUMENTED = HERE.parents[1] / "docs" / "operate.md"
LEFT = HERE / "0.1.0"


@dataclass
class Site:
    """Where Scenedock runs: its data folder, its database, and where its backups are."""

    folder: Path
    programs: Path
    database: str = ""
    data: Path = field(init=False)

    def __post_init__(self) -> None:
        self.data = self.folder / "data"

    def run(self, title: str) -> str:
        """What the commands of the documentation under a title print; none of them may fail."""
        blocks = re.findall(r"^```sh\n# (.*?)\n(.*?)^```$", DOCUMENTED.read_text(), flags=re.MULTILINE | re.DOTALL)
        path = os.pathsep.join([str(Path(sys.executable).parent), str(self.programs), os.environ["PATH"]])
        settings = {"SCENEDOCK_DATA": str(self.data), "SCENEDOCK_DATABASE_URL": self.database}
        environment = {"PATH": path, "TZ": "UTC", "BACKUP": str(self.folder / "backup"), **settings}
        command = ["sh", "-euc", dict(blocks)[title]]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def secrets(self) -> dict[str, object]:
        """The secrets of all tasks, opened with the key that is here."""
        rows = self.inspection.rows("SELECT id, secrets_sealed FROM task WHERE secrets_sealed IS NOT NULL ORDER BY id")
        seal = seal_of("", self.data)
        return {task: seal.open(task, sealed) for task, sealed in rows}

    @property
    def inspection(self) -> Inspection:
        return Inspection(database_address(self.database, self.data))


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def programs() -> Path:
    from tests.tools.postgres import _programs

    return _programs()


def migrated(site: Site) -> None:
    with closing(Database(database_address(site.database, site.data))) as database:
        database.write(migrate)


def test_sqlite_comes_back_with_its_tasks_their_secrets_the_keys_and_the_catalog(tmp_path: Path) -> None:
    site = Site(tmp_path, programs())
    shutil.copytree(LEFT / "data-with-test-keys", site.data)
    with closing(sqlite3.connect(site.data / "tasks.db")) as connection:
        connection.executescript((LEFT / "sqlite.sql").read_text())
    migrated(site)
    before, kept = site.secrets(), {name: (site.data / name).read_bytes() for name in ("signing-key.pem", "seal.key")}
    feed = (site.data / "catalog-feed.json").read_bytes()

    with closing(sqlite3.connect(site.data / "tasks.db")) as busy:
        busy.execute("BEGIN IMMEDIATE")  # the service writes at this moment
        busy.execute("UPDATE task SET reason = 'not committed'")
        site.run("back up SQLite")
    shutil.rmtree(site.data)
    listed = site.run("restore SQLite")

    assert len(listed.splitlines()) > 5
    assert site.secrets() == before != {}
    assert {name: (site.data / name).read_bytes() for name in kept} == kept
    assert (site.data / "catalog-feed.json").read_bytes() == feed
    assert not site.inspection.rows("SELECT 1 FROM task WHERE reason = 'not committed'")
    assert check_database(site.inspection).verdict == "ok"


def test_postgresql_comes_back_and_is_migrated(postgres: Postgres, tmp_path: Path) -> None:
    site = Site(tmp_path, programs())
    shutil.copytree(LEFT / "data-with-test-keys", site.data)
    site.database = postgres.restore("operated", (LEFT / "postgresql.sql").read_text())
    before = site.secrets()

    site.run("back up PostgreSQL")
    site.database = postgres.make_database("restored")
    listed = site.run("restore PostgreSQL")

    assert len(listed.splitlines()) > 5
    assert site.secrets() == before != {}
    assert check_database(site.inspection).verdict == "ok"
