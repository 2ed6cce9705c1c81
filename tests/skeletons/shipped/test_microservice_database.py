"""The database of `microservice-python`: its migrations on a PostgreSQL, as the job of the deployment runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.skeletons.shipped.answers import MICROSERVICES
from tests.skeletons.shipped.world import bake
from tests.tools.postgres import running_postgres
from tests.tools.server import wait_until
from tests.tools.venv import venv

pytestmark = pytest.mark.extended
TABLE = """
from sqlalchemy import Column, Integer, Table

invoices = Table("invoices", metadata, Column("id", Integer, primary_key=True))
"""


@pytest.fixture
def database() -> Iterator[str]:
    with running_postgres() as server:
        yield server.make_database("search")


WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
LOCK = "SELECT pg_advisory_lock(7345021)"


def test_migrations_are_written_made_once_and_expected(database: str, tmp_path: Path) -> None:
    service = bake("microservice-python", tmp_path, MICROSERVICES["oldest"])
    python = venv(service / "requirements-dev.txt") / "bin" / "python"
    environment = {**os.environ, "DATABASE_URL": database, "PYTHONPATH": "src"}

    def start(*arguments: str, place: Path = service) -> subprocess.Popen[str]:
        command = [str(python), *arguments]
        return subprocess.Popen(
            command, cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def said(started: subprocess.Popen[str]) -> str:
        output, _ = started.communicate()
        assert started.returncode == 0, output
        return output

    ready = "from service.app import create_app; print(create_app().test_client().get('/readyz').status_code)"
    said(start("-m", "service.migrate"))
    assert said(start("-c", ready)) == "200\n"
    code = service / "src" / "service" / "database.py"
    code.write_text(code.read_text(encoding="utf-8") + TABLE, encoding="utf-8")
    said(start("-m", "service.migrate", "add invoices"))
    (migration,) = (service / "src" / "service" / "migrations").glob("*.py")
    assert "create_table" in migration.read_text(encoding="utf-8")

    # The new version isn't ready before its migration. Two pods migrate at once, and both succeed.
    assert said(start("-c", ready)) == "503\n"
    for each in [start("-m", "service.migrate") for _ in range(2)]:
        said(each)
    assert said(start("-c", ready)) == "200\n"
    assert "failed" not in said(start("-m", "pytest", "-q", "tests/test_database.py"))

    # The jobs of two versions run at once, and the newer one is first: the older leaves what it finds.
    newer = tmp_path / "newer"
    shutil.copytree(service, newer)
    later = newer / "src" / "service" / "database.py"
    later.write_text(later.read_text(encoding="utf-8") + TABLE.replace("invoices", "payments"), encoding="utf-8")
    said(start("-m", "service.migrate", "add payments", place=newer))
    with psycopg.connect(database, autocommit=True) as held, psycopg.connect(database, autocommit=True) as asked:
        held.execute(LOCK)
        jobs = []
        for number, place in enumerate((newer, service), 1):
            jobs.append(start("-m", "service.migrate", place=place))
            wait_until(lambda: asked.execute(WAITING).fetchone() == (number,), "the job waits")  # noqa: B023
    newest, older = map(said, jobs)
    assert ("add payments" in newest, "migrations of a newer version" in older) == (True, True)

    # The version before goes on, and so does one that is rolled back, whose job leaves the database as it is.
    migration.unlink()
    assert said(start("-c", ready)) == "200\n"
    assert "migrations of a newer version" in said(start("-m", "service.migrate"))
