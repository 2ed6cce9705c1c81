"""The address of the database of tasks, and what its errors tell."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.exc import OperationalError

from scenedock.effects.tasks.storage.database import database_address
from scenedock.errors import InputError
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings


@pytest.mark.parametrize("url", ["mysql://h/x", "no url", "postgresql://me:hunter2@h:port/x", "sqlite://"])
def test_an_address_that_is_none_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError) as refused:
        database_address(url, tmp_path)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@h:5432/x",
        "postgresql+psycopg://me:hunter2@[::1]/x",
        "postgresql:///x?host=/run/hunter2",
    ],
)
def test_an_address_of_postgresql_is_not_shown_with_its_password(tmp_path: Path, url: str) -> None:
    address = database_address(url, tmp_path)

    assert address.url == url.replace("+psycopg", "")
    assert "hunter2" not in f"{address} {address!r}"


def test_sqlite_is_in_the_named_file_or_in_the_data_folder(tmp_path: Path) -> None:
    assert database_address("", tmp_path).file == tmp_path / "tasks.db"
    assert database_address("sqlite:///tasks/it.db", tmp_path).file == Path("tasks/it.db")
    assert database_address(f"sqlite:///{tmp_path}/it.db", Path("data")).file == tmp_path / "it.db"


def test_a_folder_that_cannot_be_made_for_the_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(InputError, match=r"/data: the folder can't be created: "):
        open_database(TaskSettings(tmp_path / "data"))


def test_an_error_of_the_database_does_not_quote_what_was_to_be_stored(tmp_path: Path) -> None:
    database = open_database(TaskSettings(tmp_path))
    wrong = text("INSERT INTO nowhere VALUES (:it)").bindparams(bindparam("it", "a line of somebody's log"))

    with pytest.raises(OperationalError) as failed:
        database.write(lambda connection: connection.execute(wrong))

    assert "somebody's log" not in str(failed.value)
    database.close()


def test_what_must_survive_a_power_loss_is_on_the_disk_when_it_is_written(tmp_path: Path) -> None:
    with closing(open_database(TaskSettings(tmp_path))) as database:
        synchronous = [
            database.write(
                lambda connection: connection.exec_driver_sql("PRAGMA synchronous").scalar(), lasting=lasting
            )
            for lasting in (True, False)
        ]

    assert synchronous == [2, 1]  # FULL, NORMAL
