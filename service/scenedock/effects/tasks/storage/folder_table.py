"""Result folders in the database of tasks: one archive for each content, kept as long as a task refers to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, exists, select, text, update

from scenedock.effects.tasks.storage.statements import KEEP_FOLDER
from scenedock.effects.tasks.storage.tables import RESULT_FOLDER, TASK_FOLDER

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenedock.effects.tasks.storage.database import Database

_NAME: Final = re.compile(r"\b[0-9a-f]{32}\b")
_AT_ONCE: Final = 500
"""How many names one statement may have: databases limit the parameters of a statement."""
_KEEP: Final = text(
    """INSERT INTO result_folder (name, kept_at, archive) VALUES (:name, :now, :archive)
    ON CONFLICT (name) DO UPDATE SET kept_at = excluded.kept_at"""
)
_REFER: Final = text(
    """INSERT INTO task_folder (task_id, name) SELECT :task_id, name FROM result_folder WHERE name IN :names
    ON CONFLICT (task_id, name) DO NOTHING"""
).bindparams(bindparam("names", expanding=True))


class FolderTable:
    """The archives of result folders by name, which is a hash of the content; `clock` is in milliseconds since 1970."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def keep(self, name: str, archive: bytes, task_id: str = "") -> None:
        """Keep an archive; if a task is named, at least as long as that task.

        Raises
        ------
        TemporaryError   the database can't be reached
        """
        now = self._clock()

        def work(connection: Connection) -> None:
            kept = connection.execute(KEEP_FOLDER, {"folder": name, "now": now})
            if not kept.rowcount:  # the same content isn't sent again
                connection.execute(_KEEP, {"name": name, "now": now, "archive": archive})
            if task_id:
                connection.execute(_REFER, {"task_id": task_id, "names": [name]})

        self._database.write(work)

    def load(self, name: str) -> bytes | None:
        """The archive of a name; None if there is none.

        Raises
        ------
        TemporaryError   the database can't be reached
        """
        rows = self._database.read(select(RESULT_FOLDER.c.archive).where(RESULT_FOLDER.c.name == name))
        return bytes(rows[0][0]) if rows else None

    def has(self, name: str) -> bool:
        """Whether there is an archive of this name.

        Raises
        ------
        TemporaryError   the database can't be reached
        """
        return bool(self._database.read(select(RESULT_FOLDER.c.name).where(RESULT_FOLDER.c.name == name)))


def folders_in(spec: str) -> list[str]:
    """The names in a task's spec that may be those of result folders."""
    return sorted(set(_NAME.findall(spec)))


def refer(connection: Connection, task_id: str, names: Sequence[str], now: int) -> None:
    """Let a new task keep the result folders of these names, if there are, in the caller's transaction.

    The time is noted in the same row that `forget_folders` deletes, so of the two at once, one sees what the other did.
    """
    for some in (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)):
        kept = update(RESULT_FOLDER).where(RESULT_FOLDER.c.name.in_(some)).values(kept_at=now)
        if connection.execute(kept).rowcount:
            connection.execute(_REFER, {"task_id": task_id, "names": some})


def stop_referring(connection: Connection, task_ids: Collection[str]) -> None:
    """Let deleted tasks keep no folder any longer, in the caller's transaction."""
    connection.execute(delete(TASK_FOLDER).where(TASK_FOLDER.c.task_id.in_(task_ids)))


def forget_folders(database: Database, before: int) -> int:
    """Delete the folders that no task refers to, and none has since a time (milliseconds); return their number."""
    referred = exists().where(TASK_FOLDER.c.name == RESULT_FOLDER.c.name)
    old = delete(RESULT_FOLDER).where(RESULT_FOLDER.c.kept_at < before, ~referred)
    return database.write(lambda connection: connection.execute(old).rowcount)
