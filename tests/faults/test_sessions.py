"""Sessions are kept once for an installation, in whatever it keeps them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from scenedock.effects.local.session_files import SessionFiles, SessionStore
from scenedock.effects.tasks.storage.database import database_address
from scenedock.effects.tasks.storage.session_table import SessionTable
from scenedock.errors import ConflictError, InputError, TemporaryError
from scenedock.runtime.callers.sessions import Sessions
from scenedock.runtime.callers.static_tokens import StaticTokens
from tests.faults.processes import migrated
from tests.tools.postgres import Postgres

GROUPS = frozenset({"group:default/platform"})


@pytest.fixture(params=["file", "postgresql"])
def stores(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres
) -> Iterator[tuple[SessionStore, SessionStore]]:
    """The store of an installation, as two replicas have it."""
    if request.param == "file":
        yield SessionFiles(tmp_path / "data" / "sessions"), SessionFiles(tmp_path / "data" / "sessions")
        return
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with closing(table(url, tmp_path)) as one, closing(table(url, tmp_path)) as other:
        yield one, other


def table(url: str, data: Path) -> SessionTable:
    return SessionTable(database_address(url, data), patience=0.2)


def test_what_one_replica_keeps_the_other_has_until_either_removes_it(
    stores: tuple[SessionStore, SessionStore],
) -> None:
    one, other = stores
    assert other.find("a1") is None

    one.add("a1", "user:default/jane", '{"é": "\\u0000"}', 1_000)
    assert other.find("a1") == ('{"é": "\\u0000"}', 1_000)
    other.touch("a1", 2_000)
    assert one.find("a1") == ('{"é": "\\u0000"}', 2_000)
    other.remove("a1")
    other.remove("a1")
    one.touch("a1", 3_000)
    assert one.find("a1") is None, "who has been signed out isn't brought back by being seen"


def test_an_owners_sessions_end_together_and_old_ones_by_themselves(stores: tuple[SessionStore, SessionStore]) -> None:
    one, other = stores
    for key, owner, seen in (("a1", "jane", 1), ("a2", "jane", 2), ("b1", "joe", 3), ("c1", "eve", 4)):
        one.add(key, owner, "{}", seen)

    assert other.remove_of("jane") == 2
    other.forget(4)
    assert [one.find(key) is not None for key in ("a1", "a2", "b1", "c1")] == [False, False, False, True]
    assert (other.remove_of(None), other.remove_of(None)) == (1, 0)


def test_a_session_tells_every_replica_who_it_is(stores: tuple[SessionStore, SessionStore]) -> None:
    one, other = (Sessions(store, StaticTokens(), "https://id.example", 3_600, 600) for store in stores)

    with_groups = one.begin_for_user("user:default/jane", GROUPS)
    without = one.begin_for_user("user:default/joe", None)

    seen = [other.caller(each) for each in (with_groups, without, "", "x" * 1_000, "../a1", with_groups + "x")]
    assert [each and (each.user, each.groups, each.scope, each.plugin) for each in seen] == [
        ("user:default/jane", GROUPS, "run", "pages"),
        ("user:default/joe", None, "run", "pages"),
        *[None] * 4,
    ]


def test_a_database_that_is_away_or_not_migrated_is_named(tmp_path: Path, postgres: Postgres) -> None:
    url = postgres.make_database(tmp_path.name)
    with (
        closing(table(url, tmp_path)) as store,
        pytest.raises(ConflictError, match="for sessions: run `scenedock migrate`"),
    ):
        store.find("a1")
    unreachable = "postgresql://127.0.0.1:1/x?password=canary"
    with pytest.raises(TemporaryError, match="the database of sessions can't be reached") as refused:
        table(unreachable, tmp_path).find("a1")
    assert "canary" not in str(refused.value)


def test_an_owner_that_no_session_can_have_is_the_callers_mistake(tmp_path: Path, postgres: Postgres) -> None:
    url = migrated(tmp_path, postgres.make_database(tmp_path.name))

    with closing(table(url, tmp_path)) as sessions:
        with pytest.raises(InputError, match="NUL character"):
            sessions.remove_of("user:default/\0")
        sessions.add("a1", "user:default/jane", "{}", 1)
        assert sessions.remove_of("user:default/jane") == 1


def test_nobody_waits_long_for_a_database_that_does_not_answer(tmp_path: Path) -> None:
    """It accepts connections and says nothing, as one on a machine that is lost."""
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as pool:
        store = table(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/x", tmp_path)
        first = pool.submit(store.find, "a1")
        with closing(silent.accept()[0]), pytest.raises(TemporaryError, match="takes long to answer"):
            store.find("a2")
        with pytest.raises(TemporaryError, match="can't be reached"):
            first.result()


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("")

    with pytest.raises(TemporaryError, match="the session can't be written"):
        SessionFiles(tmp_path / "sessions").add("a1", "jane", "{}", 1)
