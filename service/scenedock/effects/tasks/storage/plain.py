"""Statements for the bare driver: of what every task needs, SQLAlchemy's part costs several times the database's.

They are written with SQLAlchemy all the same, which makes the text for each kind of database, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.expression import ClauseElement


class PlainStatement:
    """A statement. `columns` are those that an INSERT sets, which are parameters, too."""

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._texts: dict[str, str] = {}

    def text(self, dialect: Dialect) -> str:
        """The statement as the driver of this dialect takes it, with a mapping of names to values."""
        if dialect.name not in self._texts:
            by_name: Any = type(dialect)  # that of SQLite would number its parameters
            style = "named" if dialect.name == "sqlite" else "pyformat"
            compiled = self._statement.compile(dialect=by_name(paramstyle=style), column_keys=self._columns)
            self._texts[dialect.name] = str(compiled)
        return self._texts[dialect.name]


class Plain:
    """A connection with the bare driver. Values aren't converted: SQLite has numbers for true and false."""

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self._cursor = connection.cursor()
        self._dialect = dialect

    def execute(self, statement: PlainStatement, values: Mapping[str, Any]) -> int:
        """Execute a statement; return the number of rows that it concerned."""
        self._cursor.execute(statement.text(self._dialect), values)
        return int(self._cursor.rowcount)

    def execute_each(self, statement: PlainStatement, values: Sequence[Mapping[str, Any]]) -> None:
        """Execute a statement for each of several values."""
        self._cursor.executemany(statement.text(self._dialect), values)

    def rows(self, statement: PlainStatement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows that a statement returns."""
        self._cursor.execute(statement.text(self._dialect), values)
        return list(self._cursor.fetchall()) if self._cursor.description else []
