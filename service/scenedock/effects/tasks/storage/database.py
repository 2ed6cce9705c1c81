"""The database of tasks: SQLite in the data folder, or PostgreSQL that several replicas share."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from scenedock.effects.tasks.storage import connections
from scenedock.effects.tasks.storage.plain import Plain, PlainStatement
from scenedock.errors import InputError, TemporaryError
from scenedock.model.tasks.right_of_way import RIGHT_OF_WAY
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Executable, Row
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

T = TypeVar("T")

PATIENCE_SECONDS = 60
"""How long to wait for a database that is restarting before giving up."""
_BUSY_MILLISECONDS = 30_000
_BEGIN: Final = "BEGIN IMMEDIATE"
_DISK_FULL: Final = "53100"
"""PostgreSQL's SQLSTATE for it."""
_HOST: Final = re.compile(r"(\[[^]]+\]|[^:]*)(:[0-9]*)?")


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """The address of a database: SQLite in a `file`, or PostgreSQL at a `url`, which may contain a password."""

    url: str = field(repr=False)
    file: Path | None = None


def database_address(url: str, data: Path) -> DatabaseAddress:
    """The address of the database of tasks: the configured one, or a file in the data folder.

    Raises
    ------
    InputError   it is neither SQLite nor PostgreSQL; the message doesn't repeat the address
    """
    if not url:
        return _sqlite(data.absolute() / "tasks.db")
    scheme, slashes, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if kind == "sqlite" and rest.startswith("/") and rest != "/":
        return _sqlite(Path(rest[1:]))
    host = re.split("[/?]", rest)[0].rpartition("@")[2]
    if not slashes or (kind == "postgresql" and not _HOST.fullmatch(host)):
        raise InputError("the address of the database is not a URL; write postgresql://USER@HOST/NAME")
    if kind != "postgresql":
        raise InputError("the address of the database must be postgresql://… or sqlite:///FILE")
    return DatabaseAddress(f"postgresql://{rest}")


def _sqlite(file: Path) -> DatabaseAddress:
    return DatabaseAddress(f"sqlite:///{file}", file)


class Database:
    """One database. Connections are opened when they are needed, and again after the server was unavailable.

    Raises
    ------
    InputError   the folder of SQLite's file can't be created
    """

    def __init__(self, address: DatabaseAddress) -> None:
        self.address = address
        self.is_sqlite = address.file is not None
        where = f"{address.file}: " if address.file else "PostgreSQL: "
        self._full = f"{where}the disk is full, so nothing can be stored; free some space, then try again"
        if address.file is not None:
            _make_folder(address.file.parent)
        self._writing = make_engine(address, pool_size=4, begin=_BEGIN)
        self._lasting = self._writing
        if self.is_sqlite:
            self._lasting = make_engine(address, pool_size=1, begin=_BEGIN, synchronous="FULL")
        # SQLite allows one writer at a time; a thread that waits there sleeps longer than necessary.
        self._turn = threading.Lock() if self.is_sqlite else nullcontext()
        self._reading = self._writing.execution_options(isolation_level="AUTOCOMMIT")

    def write(self, work: Callable[[Connection], T], *, lasting: bool = False) -> T:
        """Do the work in one transaction; it is repeated if the connection breaks, so it must be idempotent.

        With `lasting`, it survives a power loss, and so does all that was written before; else SQLite may lose what it
        wrote in the last moment. PostgreSQL does as it is configured.

        Raises
        ------
        InputError       a text can't be stored
        TemporaryError   the database can't be reached, or its disk is full
        """
        return self._patiently(lambda: self._transact(self._lasting if lasting else self._writing, work))

    def read(self, query: Executable, values: Mapping[str, Any] | None = None) -> list[Row[*tuple[Any, ...]]]:
        """All rows of one query, with the values of its parameters.

        Raises
        ------
        InputError       a value can't be one that is stored
        TemporaryError   the database can't be reached
        """
        return self._patiently(lambda: self._select(query, values))

    def write_plain(self, work: Callable[[Plain], T]) -> T:
        """Do the work as `write` does, with the bare driver.

        Raises
        ------
        TemporaryError   the database can't be reached, or its disk is full
        """

        def transact() -> T:
            with self._turn, self._driver(self._writing) as driver:
                if self.is_sqlite:
                    driver.execute(_BEGIN)
                done = work(Plain(driver, self._writing.dialect))
                driver.commit()
                return done

        return self._patiently(transact)

    def plain(
        self, statement: PlainStatement, values: Mapping[str, Any], *, writes: bool = False, lasting: bool = False
    ) -> list[tuple[Any, ...]]:
        """The rows of one statement, which is a transaction of its own, with the bare driver.

        One that writes is repeated as `write` does its work.

        Raises
        ------
        TemporaryError   the database can't be reached, or its disk is full
        """

        def execute() -> list[tuple[Any, ...]]:
            engine = self._lasting if lasting else self._writing
            with self._turn if writes else nullcontext(), self._driver(engine) as driver:
                if self.is_sqlite:
                    return Plain(driver, engine.dialect).rows(statement, values)
                driver.autocommit = True  # else the statement would begin a transaction, and another one end it
                try:
                    return Plain(driver, engine.dialect).rows(statement, values)
                finally:
                    if not driver.closed:
                        driver.autocommit = False

        return self._patiently(execute)

    def session(self) -> Connection:
        """A connection for holding locks; a broken one raises an error of SQLAlchemy."""
        return self._reading.connect()

    def close(self) -> None:
        """Close all connections."""
        self._writing.dispose()
        self._lasting.dispose()

    def _transact(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        with self._turn, engine.begin() as connection:
            return work(connection)

    def _select(self, query: Executable, values: Mapping[str, Any] | None) -> list[Row[*tuple[Any, ...]]]:
        with self._reading.connect() as connection:
            return list(connection.execute(query, values).all())

    @contextmanager
    def _driver(self, engine: Engine) -> Iterator[Any]:
        """A connection of the pool; what it has not committed is rolled back. Its errors are raised as SQLAlchemy's."""
        from sqlalchemy import exc

        pooled: PoolProxiedConnection | None = None
        base: Any = engine.dialect.loaded_dbapi.Error
        try:
            pooled = engine.raw_connection()
            yield pooled.driver_connection
        except base as error:
            lost = pooled is not None and bool(getattr(pooled.driver_connection, "closed", False))
            if pooled is not None and lost:  # then the others in the pool probably are, too
                pooled.invalidate(error)
                engine.dispose()
            raise exc.DBAPIError.instance(
                None, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=engine.dialect
            ) from error
        finally:
            if pooled is not None:
                pooled.close()

    def _patiently(self, attempt: Callable[[], T]) -> T:
        from sqlalchemy import exc

        RIGHT_OF_WAY.give_way()  # before anything is locked
        until, pause = time.monotonic() + PATIENCE_SECONDS, 0.05
        while True:
            try:
                return attempt()
            except exc.DBAPIError as error:
                if _is_full(error.orig):
                    raise TemporaryError(self._full, retry_after=60) from None
                if not self.is_sqlite and connections.has_nul(error.orig):
                    raise InputError(connections.NOT_STORED) from None
                passing = error.connection_invalidated or isinstance(error, exc.OperationalError | exc.InterfaceError)
                if not passing or "no such" in str(error.orig):
                    raise
                if time.monotonic() > until:
                    raise TemporaryError("the database of tasks can't be reached", retry_after=10) from None
            time.sleep(pause)
            pause = min(pause * 2, 1)


def _is_full(error: BaseException | None) -> bool:
    """Whether a database says that its disk is full; waiting for a moment won't help."""
    return getattr(error, "sqlite_errorname", None) == "SQLITE_FULL" or getattr(error, "sqlstate", None) == _DISK_FULL


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: the folder of the database can't be created: {error.strerror or error}") from error


def make_engine(
    address: DatabaseAddress, *, pool_size: int, begin: str = "", synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
) -> Engine:
    """An SQLAlchemy engine for SQLite or PostgreSQL; `begin` and `synchronous` are how SQLite begins and ends writing.

    Readers of SQLite don't wait for a writer (WAL). A transaction that writes says so when it begins, because one that
    becomes a writer halfway is refused if another was faster.
    """
    from sqlalchemy import create_engine, event, make_url

    size = {"pool_size": pool_size, "max_overflow": pool_size * 4}
    if address.file is None:
        url = make_url(address.url).set(drivername="postgresql+psycopg")
        own = connections.arguments(address.url)
        engine = create_engine(url, connect_args=own, **size, hide_parameters=True, pool_use_lifo=True)
        event.listen(engine, "connect", lambda connection, _entry: connections.prepare(connection))
        return engine
    settings = {"isolation_level": None if begin else "IMMEDIATE", "timeout": _BUSY_MILLISECONDS / 1_000}
    engine = create_engine(address.url, connect_args=settings, **size, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _entry: ConnectionPoolEntry) -> None:
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", f"busy_timeout={_BUSY_MILLISECONDS}"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined] # a DBAPI connection has no type

    if begin:

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
                connection.exec_driver_sql(begin)

    return engine
