"""What the doctor says of a database that is away, older, newer, behind a pooler, or used with other keys."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from scenedock.effects.backstage.signing_keys import shared_signing_key
from scenedock.effects.tasks.sealing import Seal, new_key
from scenedock.effects.tasks.storage.database import Database, DatabaseAddress, database_address
from scenedock.effects.tasks.storage.inspection import Inspection
from scenedock.effects.tasks.storage.key_table import KeyTable
from scenedock.effects.tasks.storage.migrations import MIGRATIONS
from scenedock.effects.tasks.storage.tables import migrate
from scenedock.runtime.tasks.key_wiring import process_keys
from scenedock.runtime.tasks.key_witness import KeyWitness
from scenedock.usecases.doctor.database import (
    check_database,
    check_keys,
    check_sessions,
    check_webhooks,
    check_workers,
)
from tests.tools.pgbouncer import pgbouncer
from tests.tools.postgres import Postgres
from tests.tools.server import free_port, wait_until

OURS = len(MIGRATIONS)


@pytest.fixture
def migrated(postgres: Postgres, request: pytest.FixtureRequest) -> str:
    url = postgres.make_database(f"doctor_{abs(hash(request.node.name))}")
    with closing(Database(DatabaseAddress(url))) as database:
        database.write(migrate)
    return url


def inspected(url: str, data: Path = Path()) -> Inspection:
    return Inspection(database_address(url, data))


def execute(url: str, statement: str, *values: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), values or None)


def test_one_with_our_version_is_fine(migrated: str) -> None:
    found = check_database(inspected(migrated))

    assert (found.verdict, f"has version {OURS}" in found.evidence) == ("ok", True)


def test_one_that_is_away_is_told_without_its_password(postgres: Postgres) -> None:
    away = check_database(inspected(f"postgresql://me:canary@127.0.0.1:{free_port()}/tasks"))
    missing = check_database(inspected(postgres.make_database("there").replace("/there", "/nothing")))
    wrong = check_database(inspected("postgresql://me:canary@127.0.0.1/tasks?color=canary"))

    assert [each.verdict for each in (away, missing, wrong)] == ["problem"] * 3
    assert "nothing listens there" in away.evidence
    assert "canary" not in f"{away} {wrong}"
    assert "there is no such database" in missing.evidence
    assert "SCENEDOCK_DATABASE_URL" in away.remedy


def test_an_older_one_must_be_migrated_and_a_newer_one_needs_a_newer_release(migrated: str) -> None:
    execute(migrated, "DELETE FROM task_schema WHERE version = %s", OURS)
    older = check_database(inspected(migrated))
    execute(migrated, "INSERT INTO task_schema VALUES (%s)", OURS + 1)
    newer = check_database(inspected(migrated))

    assert (older.verdict, newer.verdict) == ("problem", "problem")
    assert f"has version {OURS - 1}, this release needs {OURS}" in older.evidence
    assert "scenedock migrate" in older.remedy
    assert f"has version {OURS + 1}" in newer.evidence
    assert "newer release" in newer.remedy


def test_an_empty_database_of_postgresql_is_older(postgres: Postgres) -> None:
    found = check_database(inspected(postgres.make_database("empty")))

    assert (found.verdict, "has version 0" in found.evidence) == ("problem", True)


def test_sqlite_is_made_and_migrated_by_the_service_but_not_if_it_is_newer_or_damaged(tmp_path: Path) -> None:
    fresh = check_database(inspected("", tmp_path))
    assert not list(tmp_path.iterdir())
    with closing(Database(database_address("", tmp_path))) as database:
        database.write(lambda connection: migrate(connection, OURS - 1))
    older = check_database(inspected("", tmp_path))
    with closing(Database(database_address("", tmp_path))) as database:
        database.write(lambda connection: connection.exec_driver_sql("INSERT INTO task_schema VALUES (999)"))
    newer = check_database(inspected("", tmp_path))
    (tmp_path / "damaged.db").write_bytes(b"no database" * 100)
    damaged = check_database(inspected(f"sqlite:///{tmp_path}/damaged.db"))

    assert [each.verdict for each in (fresh, older, newer, damaged)] == ["ok", "ok", "problem", "problem"]
    assert "the service migrates it when it starts" in older.evidence


@pytest.mark.parametrize(("mode", "verdict"), [("transaction", "problem"), ("session", "ok")])
def test_pgbouncer_is_found_where_it_takes_sessions_away(
    postgres: Postgres, migrated: str, mode: str, verdict: str
) -> None:
    with pgbouncer(postgres.socket.parent, mode) as port:
        name = migrated.partition("@/")[2].partition("?")[0]
        found = check_sessions(inspected(f"postgresql://postgres@127.0.0.1:{port}/{name}"))

    assert (found.check, found.verdict) == ("database-sessions", verdict)
    if verdict == "problem":
        assert "pool_mode = session" in found.remedy
    assert check_sessions(inspected(migrated)).verdict == "ok"


def test_replicas_with_other_keys_are_found(migrated: str, tmp_path: Path) -> None:
    keys = [new_key().decode() for _ in range(2)]
    signing = [shared_signing_key(tmp_path / name) for name in ("one", "other")]
    witnesses = [
        KeyWitness(KeyTable(migrated), process_keys(Seal(seal), sign), role)
        for role, seal, sign in (("web", keys[0], signing[0]), ("worker", keys[1], signing[0]))
    ]
    with closing(KeyTable(migrated)) as table:
        assert check_keys((), table.recorded()).verdict == "unknown"
        for witness in witnesses:
            witness.start()
        wait_until(lambda: len(table.recorded()) == 4, "both processes to tell their keys")
        found = check_keys((), table.recorded())
        assert (found.verdict, "SCENEDOCK_SEAL_KEY" in found.remedy) == ("problem", True)
        assert not any(key in str(table.recorded()) for key in keys)

        witnesses[1].stop()
        assert len(table.recorded()) == 2
        assert check_keys((), table.recorded()).verdict == "ok"
        here = check_keys(process_keys(Seal(keys[0]), signing[1]), table.recorded())
        assert (here.verdict, "SCENEDOCK_SIGNING_KEY" in here.remedy) == ("problem", True)
        witnesses[0].stop()


def test_a_key_that_is_being_replaced_is_no_problem_as_long_as_all_can_open_with_it() -> None:
    old, new = new_key().decode(), new_key().decode()

    def replica(name: str, *keys: str) -> tuple[object, ...]:
        return tuple(each.named(name) for each in process_keys(Seal(*keys), None))

    rotated = check_keys((), (*replica("a", new, old), *replica("b", old, new)))  # type: ignore[arg-type]
    begun = check_keys((), (*replica("a", new, old), *replica("b", old)))  # type: ignore[arg-type]

    assert (rotated.verdict, begun.verdict) == ("ok", "problem")
    assert "a has the key" in begun.evidence


def test_processes_that_ended_long_ago_do_not_count(migrated: str) -> None:
    with closing(KeyTable(migrated)) as table:
        table.record([each.named("web gone") for each in process_keys(Seal(new_key().decode()), None)])
        execute(migrated, "UPDATE process_key SET seen_at = seen_at - 1000000")

        assert table.recorded() == ()


def test_tasks_that_wait_for_a_worker_are_told(migrated: str) -> None:
    execute(
        migrated,
        "INSERT INTO task (id, spec, status, reason, created_at, cancel_requested, attempt, run, last_event,"
        " last_mark, state) VALUES ('a', '{}', 'open', '', 1790000000000, false, 1, 1, 0, '', '{}')",
    )
    nobody = check_workers(inspected(migrated))
    execute(migrated, "INSERT INTO executor VALUES ('worker', %s)", time.time_ns() // 1_000_000)
    somebody = check_workers(inspected(migrated))

    assert (nobody.verdict, somebody.verdict) == ("problem", "ok")
    assert nobody.evidence == "1 tasks could begin, the first since 2026-09-21 14:13 UTC; 0 processes run tasks"
    assert "scenedock worker" in nobody.remedy


def test_a_webhook_that_never_arrived_is_told(migrated: str) -> None:
    never = check_webhooks(inspected(migrated), ["github.com"], 30)
    execute(migrated, "INSERT INTO webhook_delivery VALUES ('a', 1790000000000)")
    once = check_webhooks(inspected(migrated), ["github.com"], 30)
    of_two = check_webhooks(inspected(migrated), ["github.com", "gitlab.com"], 30)

    assert [each.verdict for each in (never, once, of_two)] == ["problem", "ok", "unknown"]
    assert "docs/webhooks.md" in never.remedy
    assert once.evidence == "1 were received, the last one on 2026-09-21 14:13 UTC"
