"""The address of the database of tasks, and what its errors tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.exc import OperationalError

from scenedock.effects.tasks.database import database_address
from scenedock.errors import InputError
from scenedock.runtime.tasks.opening import open_database
from scenedock.runtime.tasks.settings import TaskSettings


@pytest.mark.parametrize("url", ["mysql://h/x", "no url", "postgresql://me:hunter2@h:port/x", "sqlite://"])
def test_an_address_that_is_none_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError) as refused:
        database_address(url, tmp_path)

    assert "hunter2" not in str(refused.value)


def test_an_error_of_the_database_does_not_quote_what_was_to_be_stored(tmp_path: Path) -> None:
    database = open_database(TaskSettings(tmp_path))
    wrong = text("INSERT INTO nowhere VALUES (:it)").bindparams(bindparam("it", "a line of somebody's log"))

    with pytest.raises(OperationalError) as failed:
        database.write(lambda connection: connection.execute(wrong))

    assert "somebody's log" not in str(failed.value)
    database.close()
