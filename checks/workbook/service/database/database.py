"""The checks' own access to the database that the learner's app uses, from outside the app.

The same methods work on SQLite and on PostgreSQL. Each opens its own short transaction, so nothing of ours is ever in
the way of the app. The learner's app writes what is read here: sizes and times have limits, ATTACH and extensions are
off, and a SQLite path is used only while it is an ordinary file in the folder where it was made.

SQLAlchemy is imported at the first use, not with this module, because every run of checks pays for imports.
"""

from __future__ import annotations

import sqlite3
import threading
import warnings
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from workbook.service.database import limits, postgresql
from workbook.service.database.facts import ColumnFacts, ForeignKeyFacts
from workbook.service.database.problem import (
    DatabaseProblem,
    MissingColumn,
    MissingTable,
    TooMuchData,
    UnreadableValue,
)
from workbook.service.database.sqlite import SqliteFile, sqlite_problem, table_names, unique_columns

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine, Executable, Table
    from sqlalchemy.exc import DBAPIError

_KEPT_TABLES = frozenset({"alembic_version"})
_BATCH = 100


@dataclass
class _Schema:
    """The tables as they were reflected while the database was in one state."""

    state: object = None
    tables: dict[str, Table] = field(default_factory=dict[str, "Table"])


class Database:
    """Outside access to one database. Every method may be called from any thread."""

    def __init__(self, url: str) -> None:
        """Nothing is opened or imported yet.

        Args:
            url: the URL that the app gets; a driver in it, such as ``+aiosqlite``, is replaced by a synchronous one.
        """
        self.url = url
        self._file = SqliteFile(url) if url.startswith("sqlite") else None
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._schema = _Schema()

    # Life

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, made at the first use."""
        with self._lock:
            if self._engine is None:
                self._engine = postgresql.make_engine(self.url) if self._file is None else self._file.engine()
            return self._engine

    def prepare(self) -> None:
        """Do now what the first use would have to: worth calling while the service starts in its own process."""
        _ = self.engine

    def dispose(self) -> None:
        """Close every connection. The object can be used again."""
        with self._lock:
            engine, self._engine = self._engine, None
            self._schema = _Schema()
        if engine is not None:
            engine.dispose()

    # Rows

    def execute(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """Run one SQL statement and commit.

        Args:
            sql: the statement, with ``:name`` where a parameter goes.
            params: the parameters, bound by the driver and never written into the statement.

        Returns:
            The rows, each as a dict; [] for a statement without rows.

        Raises:
            DatabaseProblem: the database is not as the contract says.
            sqlalchemy.exc.SQLAlchemyError: any other error of the statement.
        """
        from sqlalchemy import text

        with self._connect() as connection:
            is_select = sql.lstrip()[:6].lower() == "select"
            return self._read(connection, text(sql), params, streamed=is_select)

    def insert(self, table: str, **values: object) -> Any:
        """Insert one row.

        Args:
            table: the table.
            values: the columns, as Python values: ``datetime``, ``bool``, and lists and dicts for JSON.

        Returns:
            The primary key: one value, a tuple where it has several columns, None where there is none.

        Raises:
            MissingTable, MissingColumn: the contract's table or column is not there.
            sqlalchemy.exc.IntegrityError: a constraint of the table refuses the row.
        """
        with self._connect() as connection:
            target = self._table(connection, table, values)
            result = connection.execute(target.insert().values(dict(values)))
            key = tuple(result.inserted_primary_key or ())
        return key[0] if len(key) == 1 else key or None

    def insert_many(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows in one transaction. They may give different columns.

        Raises:
            MissingTable, MissingColumn: the contract's table or column is not there.
            sqlalchemy.exc.IntegrityError: a constraint of the table refuses a row.
        """
        batches: dict[frozenset[str], list[dict[str, object]]] = {}
        for row in rows:
            batches.setdefault(frozenset(row), []).append(dict(row))
        with self._connect() as connection:
            for names, batch in batches.items():
                connection.execute(self._table(connection, table, names).insert(), batch)

    def rows(self, table: str, **where: object) -> list[dict[str, Any]]:
        """The rows of a table, ordered by primary key.

        Args:
            table: the table.
            where: columns and the value each must equal; None selects NULL.

        Raises:
            MissingTable, MissingColumn: the contract's table or column is not there.
            TooMuchData: more than is read.
        """
        with self._connect() as connection:
            target = self._table(connection, table, where)
            query = target.select().where(*(target.c[name] == value for name, value in where.items()))
            query = query.order_by(*target.primary_key.columns).limit(limits.ROW_LIMIT + 1)
            return self._read(connection, query, {}, streamed=True, table=table)

    def count(self, table: str, **where: object) -> int:
        """How many rows of a table match; arguments as for ``rows``."""
        from sqlalchemy import func, select

        with self._connect() as connection:
            target = self._table(connection, table, where)
            query = select(func.count()).select_from(target)
            query = query.where(*(target.c[name] == value for name, value in where.items()))
            return int(connection.execute(query).scalar_one())

    # Schema

    def tables(self) -> list[str]:
        """The names of all tables, sorted."""
        if self._file is not None and not self._file.exists:
            return []
        with self._connect() as connection:
            return self._tables(connection)

    def columns(self, table: str) -> dict[str, ColumnFacts]:
        """The columns of a table, in order.

        Raises:
            MissingTable: there is no such table.
        """
        with self._connect() as connection:
            target = self._table(connection, table)
            facts: dict[str, ColumnFacts] | None = target.info.get("facts")
            if facts is None:
                unique = self._unique(connection, target)
                target.info["facts"] = facts = {
                    column.name: ColumnFacts(
                        type=_type_name(column.type, connection),
                        nullable=bool(column.nullable),
                        primary_key=column.primary_key,
                        unique=(column.name,) in unique,
                        foreign_keys=tuple(sorted(key.target_fullname for key in column.foreign_keys)),
                        default=_default(column.server_default),
                    )
                    for column in target.columns
                }
            return dict(facts)

    def foreign_keys(self, table: str) -> list[ForeignKeyFacts]:
        """The foreign keys of a table.

        Raises:
            MissingTable: there is no such table.
        """
        with self._connect() as connection:
            found: list[ForeignKeyFacts] = []
            for constraint in self._table(connection, table).foreign_key_constraints:
                targets = [element.target_fullname.rpartition(".") for element in constraint.elements]
                found.append(
                    ForeignKeyFacts(
                        columns=tuple(constraint.column_keys),
                        table=targets[0][0],
                        to=tuple(column for _, _, column in targets),
                        on_delete=constraint.ondelete,
                    )
                )
            return sorted(found, key=lambda key: key.columns)

    def unique(self, table: str) -> set[tuple[str, ...]]:
        """The columns that are unique together: by the primary key, a constraint, or a unique index.

        An index over expressions or over a part of the rows is none of them.

        Raises:
            MissingTable: there is no such table.
        """
        with self._connect() as connection:
            return self._unique(connection, self._table(connection, table))

    # Reset

    def reset(self) -> None:
        """Delete all rows of all tables and restart the counters; the schema and ``alembic_version`` stay.

        Raises:
            DatabaseLocked: the app left a transaction open.
            DatabaseProblem: the database cannot be used.
        """
        if self._file is None:
            with self._connect() as connection:
                postgresql.reset(connection)
            return
        try:
            self._file.reset(_KEPT_TABLES)
        except sqlite3.Error as error:
            raise sqlite_problem(error) or error from error

    # Inside

    @contextmanager
    def _connect(self) -> Generator[Connection]:
        with self._explained(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _explained(self) -> Generator[None]:
        from sqlalchemy.exc import DBAPIError

        try:
            yield
        except DBAPIError as error:
            problem = self._problem(error)
            if problem is None:
                raise
            raise problem from error
        except sqlite3.Error as error:  # from opening the file, which is ours to do
            problem = sqlite_problem(error)
            if problem is None:
                raise
            raise problem from error

    def _problem(self, error: DBAPIError) -> DatabaseProblem | None:
        cause = error.orig
        problem = sqlite_problem(cause) if isinstance(cause, sqlite3.Error) else postgresql.postgresql_problem(error)
        if isinstance(problem, MissingTable):
            return MissingTable(problem.table, have=self.tables())
        return problem

    def _read(
        self,
        connection: Connection,
        query: Executable,
        params: Mapping[str, object],
        *,
        streamed: bool,
        table: str | None = None,
    ) -> list[dict[str, Any]]:
        if streamed and self._file is None:  # else the driver fetches all of it before we can count
            connection = connection.execution_options(stream_results=True, max_row_buffer=_BATCH)
        result: CursorResult[Any] = connection.execute(query, dict(params))
        if not result.returns_rows:
            return []
        found: list[dict[str, Any]] = []
        size = 0
        try:
            names = tuple(result.keys())
            while batch := result.fetchmany(_BATCH):
                found += [dict(zip(names, row, strict=True)) for row in batch]
                size += sum(_size(value) for row in batch for value in row)
                if len(found) > limits.ROW_LIMIT:
                    raise TooMuchData(f"{limits.ROW_LIMIT:,} rows")
                if size > limits.RESULT_LIMIT:
                    raise TooMuchData(f"{limits.RESULT_LIMIT // 1024**2} MB")
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise UnreadableValue(table, str(error)) from error
        finally:
            result.close()
        return found

    def _state(self, connection: Connection) -> object:
        """Changes whenever the schema does."""
        if self._file is None:
            return postgresql.schema_state(connection)
        return self._file.identity(), connection.exec_driver_sql("PRAGMA schema_version").scalar_one()

    def _table(self, connection: Connection, name: str, columns: Iterable[str] = ()) -> Table:
        """The reflected table, which has all of those columns."""
        from sqlalchemy import MetaData, Table
        from sqlalchemy.exc import NoSuchTableError

        with self._lock:
            state = self._state(connection)
            if self._schema.state != state:
                self._schema = _Schema(state)
            table = self._schema.tables.get(name)
            if table is None:
                try:
                    with warnings.catch_warnings():  # of types that SQLAlchemy does not know
                        warnings.simplefilter("ignore")
                        table = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
                except NoSuchTableError:
                    raise MissingTable(name, have=self._tables(connection)) from None
                self._schema.tables[name] = table
        for column in columns:
            if column not in table.c:
                raise MissingColumn(name, column, have=[known.name for known in table.columns])
        return table

    def _tables(self, connection: Connection) -> list[str]:
        if self._file is None:
            from sqlalchemy import inspect

            return sorted(inspect(connection).get_table_names())
        return table_names(connection.exec_driver_sql)

    def _unique(self, connection: Connection, table: Table) -> set[tuple[str, ...]]:
        found = {tuple(column.name for column in table.primary_key.columns)} - {()}
        if self._file is None:
            return found | postgresql.unique_columns(table)
        return found | unique_columns(connection, table.name)


def _size(value: object) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, dict):
        return sum(_size(key) + _size(item) for key, item in cast("dict[object, object]", value).items())
    if isinstance(value, (list, tuple)):
        return sum(map(_size, cast("Sequence[object]", value)))
    return 8


def _type_name(kind: Any, connection: Connection) -> str:
    from sqlalchemy.types import NullType

    return "" if isinstance(kind, NullType) else str(kind.compile(dialect=connection.dialect))


def _default(default: Any) -> str | None:
    from sqlalchemy import DefaultClause

    return str(default.arg) if isinstance(default, DefaultClause) else None
