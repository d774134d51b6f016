"""The checks' own access to the database that the learner's app uses, from outside the app.

The same methods work on SQLite and on PostgreSQL. Each opens its own short transaction, so nothing of ours is ever in
the way of the app. The learner's app writes what is read here: sizes and times have limits, ATTACH and extensions are
off, and a SQLite path is used only while it is an ordinary file in the folder where it was made.

SQLAlchemy is imported at the first use, not with this module, because every run of checks pays for imports.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from workbook.service.database_problem import (
    DatabaseBroken,
    DatabaseLocked,
    DatabaseProblem,
    DatabaseTooSlow,
    DatabaseUnreachable,
    MissingColumn,
    MissingTable,
    TooMuchData,
    UnreadableValue,
)
from workbook.service.databases import Databases, make_databases, sync_postgresql

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine, Executable, Table
    from sqlalchemy.exc import DBAPIError

__all__ = [
    "ColumnFacts",
    "Database",
    "DatabaseLocked",
    "DatabaseProblem",
    "Databases",
    "ForeignKeyFacts",
    "MissingColumn",
    "MissingTable",
    "make_databases",
]

ROW_LIMIT: Final = 10_000
"""Rows that one call returns at most."""
VALUE_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one value or row that are read from SQLite at most."""
RESULT_LIMIT: Final = 50 * 1024 * 1024
"""Bytes and characters that one call returns at most, over all rows."""
LOCK_SECONDS: Final = 1.5
"""How long to wait for a lock that the app holds."""
STATEMENT_SECONDS: Final = 2.0
"""How long one statement may run."""

_KEPT_TABLES = frozenset({"alembic_version"})
_BATCH = 100
_CLOCK_STEPS = 20_000
"""Steps of SQLite's virtual machine, well below a millisecond, between two looks at the clock."""
_LITERAL: Final = {"no_parameters": True}
"""Execution options for PostgreSQL: a percent sign in a statement is a percent sign."""


@dataclass(frozen=True)
class ForeignKeyFacts:
    """One foreign key of a table."""

    columns: tuple[str, ...]
    table: str
    """The table it points to."""
    to: tuple[str, ...]
    """The columns it points to."""
    on_delete: str | None = None
    """``CASCADE``, ``SET NULL``, …; None where the database was told nothing."""


@dataclass(frozen=True)
class ColumnFacts:
    """One column of a table."""

    type: str
    """As this database writes it: ``VARCHAR(256)``; it differs between SQLite and PostgreSQL."""
    nullable: bool
    primary_key: bool
    unique: bool
    """Whether no two rows may have the same value in this column alone."""
    foreign_keys: tuple[str, ...]
    """What it refers to, as ``table.column``."""
    default: str | None = None
    """The default that the database itself knows, as SQL."""


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
        self._sqlite = url.startswith("sqlite")
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._schema = _Schema()
        if self._sqlite:
            path = Path(url.partition(":///")[2].partition("?")[0])
            self._path = path.parent.resolve() / path.name

    # Life

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, made at the first use."""
        with self._lock:
            if self._engine is None:
                self._engine = self._sqlite_engine() if self._sqlite else self._postgresql_engine()
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
            query = query.order_by(*target.primary_key.columns).limit(ROW_LIMIT + 1)
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
        if self._sqlite and not os.path.lexists(self._path):
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
        if self._sqlite:
            self._reset_sqlite()
        else:
            self._reset_postgresql()

    def _reset_sqlite(self) -> None:
        # By the driver alone: most checks need a reset, and not all of them need SQLAlchemy.
        if not os.path.lexists(self._path):
            return
        try:
            with closing(self._open_sqlite()) as connection:
                # Without enforcement no order of deletion can be wrong. It can only be switched outside a transaction.
                connection.execute("PRAGMA foreign_keys = OFF")
                connection.execute("BEGIN IMMEDIATE")
                connection.set_progress_handler(_Clock(), _CLOCK_STEPS)
                for name in _sqlite_tables(connection.execute):
                    if name not in _KEPT_TABLES:
                        connection.execute(f"DELETE FROM {_quoted(name)}")
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
                    connection.execute("DELETE FROM sqlite_sequence")
                connection.commit()
        except sqlite3.Error as error:
            raise _sqlite_problem(error) or error from error

    def _reset_postgresql(self) -> None:
        with self._connect() as connection:
            connection.execution_options(**_LITERAL)
            tables = [row[0] for row in connection.exec_driver_sql(_POSTGRESQL_TABLES)]
            if tables:
                # This lock waits for writers that are left open, as SQLite does; idle readers are no obstacle.
                connection.exec_driver_sql(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
                # Foreign keys are checked at the end of a statement, so in one statement no order can be wrong.
                # TRUNCATE would do it too, but it makes new files and waits for the disk: several times as slow.
                connection.exec_driver_sql(_POSTGRESQL_UNTIE)
                parts = ", ".join(f"_{number} AS (DELETE FROM {table})" for number, table in enumerate(tables[1:]))
                connection.exec_driver_sql(f"{f'WITH {parts} ' if parts else ''}DELETE FROM {tables[0]}")
            connection.exec_driver_sql(_POSTGRESQL_RESTART)

    # Inside

    def _sqlite_engine(self) -> Engine:
        from sqlalchemy import QueuePool, create_engine, event
        from sqlalchemy.exc import DisconnectionError

        engine = create_engine(
            "sqlite://", creator=self._open_sqlite, poolclass=QueuePool, pool_size=1, max_overflow=50
        )

        def opened(connection: sqlite3.Connection, record: Any) -> None:
            record.info["clock"] = clock = _Clock()
            record.info["file"] = self._file()
            connection.set_progress_handler(clock, _CLOCK_STEPS)

        def taken(_connection: object, record: Any, _proxy: object) -> None:
            if record.info["file"] != self._file():
                raise DisconnectionError("the file was replaced; open the new one")

        def begins(connection: Connection, *_: object) -> None:
            connection.info["clock"].restart()

        event.listen(engine, "connect", opened)
        event.listen(engine, "checkout", taken)
        event.listen(engine, "before_cursor_execute", begins)
        return engine

    def _open_sqlite(self) -> sqlite3.Connection:
        self._file()
        connection = sqlite3.connect(self._path, timeout=LOCK_SECONDS, check_same_thread=False)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, VALUE_LIMIT)
        connection.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 20)
        # trusted_schema: what the schema itself runs may call harmless functions only. synchronous: ours is scratch.
        connection.executescript(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
            "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF;"
        )
        return connection

    def _file(self) -> tuple[int, int] | None:
        """Which file the path names now; None where there is none yet.

        A link that the app put in the place of its database is never followed: it may lead to any file of ours.
        """
        if os.path.realpath(self._path.parent) != str(self._path.parent):
            raise DatabaseBroken("its folder was replaced")
        try:
            facts = self._path.lstat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise DatabaseBroken("it is a link or something else than an ordinary file")
        return facts.st_dev, facts.st_ino

    def _postgresql_engine(self) -> Engine:
        from sqlalchemy import create_engine

        return create_engine(
            sync_postgresql(self.url),
            pool_size=2,
            max_overflow=30,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 5,
                "application_name": "workbook checks",
                "options": f"-c lock_timeout={LOCK_SECONDS * 1000:.0f} "
                f"-c statement_timeout={STATEMENT_SECONDS * 1000:.0f} -c synchronous_commit=off",
            },
        )

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
            problem = _sqlite_problem(error)
            if problem is None:
                raise
            raise problem from error

    def _problem(self, error: DBAPIError) -> DatabaseProblem | None:
        cause = error.orig
        problem = _sqlite_problem(cause) if isinstance(cause, sqlite3.Error) else _postgresql_problem(error)
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
        if streamed and not self._sqlite:  # else the driver fetches all of it before we can count
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
                if len(found) > ROW_LIMIT:
                    raise TooMuchData(f"{ROW_LIMIT:,} rows")
                if size > RESULT_LIMIT:
                    raise TooMuchData(f"{RESULT_LIMIT // 1024**2} MB")
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise UnreadableValue(table, str(error)) from error
        finally:
            result.close()
        return found

    def _state(self, connection: Connection) -> object:
        """Changes whenever the schema does."""
        if self._sqlite:
            return self._file(), connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
        return connection.exec_driver_sql(_POSTGRESQL_STATE, execution_options=_LITERAL).scalar_one()

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
        if not self._sqlite:
            from sqlalchemy import inspect

            return sorted(inspect(connection).get_table_names())
        return _sqlite_tables(connection.exec_driver_sql)

    def _unique(self, connection: Connection, table: Table) -> set[tuple[str, ...]]:
        found = {tuple(column.name for column in table.primary_key.columns)} - {()}
        if not self._sqlite:
            from sqlalchemy import UniqueConstraint

            for constraint in table.constraints:
                if isinstance(constraint, UniqueConstraint):
                    found.add(tuple(column.name for column in constraint.columns))
            for index in table.indexes:
                names = tuple(column.name for column in index.columns)
                if (
                    index.unique
                    and len(names) == len(index.expressions)
                    and not index.dialect_options["postgresql"]["where"]
                ):
                    found.add(names)
            return found
        # Asked of SQLite itself: SQLAlchemy reads constraints from the text of CREATE TABLE, in the usual spellings.
        for _, index_name, unique, _, partial in connection.exec_driver_sql(
            f"PRAGMA index_list({_quoted(table.name)})"
        ):
            if unique and not partial:
                parts = connection.exec_driver_sql(f"PRAGMA index_info({_quoted(index_name)})").all()
                if all(name is not None for _, _, name in parts):
                    found.add(tuple(name for _, _, name in parts))
        return found


class _Clock:
    """Stops a statement of SQLite that runs too long."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.until = time.monotonic() + STATEMENT_SECONDS

    def __call__(self) -> bool:
        return time.monotonic() > self.until


def _sqlite_tables(ask: Callable[[str], Iterable[Sequence[Any]]]) -> list[str]:
    """The names of all tables, without SQLite's own and those in which a virtual table keeps its rows."""
    if sqlite3.sqlite_version_info >= (3, 37):
        names = [row[1] for row in ask("PRAGMA table_list") if row[0] == "main" and row[2] in ("table", "virtual")]
    else:
        names = [row[0] for row in ask("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return sorted(name for name in names if not name.lower().startswith("sqlite_"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


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


def _sqlite_problem(error: sqlite3.Error) -> DatabaseProblem | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    said = str(error)
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseLocked()
        case sqlite3.SQLITE_INTERRUPT:
            return DatabaseTooSlow()
        case sqlite3.SQLITE_TOOBIG:
            return TooMuchData(f"{VALUE_LIMIT // 1024**2} MB in one value")
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return DatabaseBroken("something else was written into it")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return DatabaseBroken("it cannot be opened for writing")
        case _:
            pass
    if match := re.search(r"no such table: (?:main\.)?(.+)", said):
        return MissingTable(match[1], have=())
    if match := re.search(r"no such column: (?:(.+)\.)?(.+)", said):
        return MissingColumn(match[1], match[2])
    if match := re.search(r"table (.+) has no column named (.+)", said):
        return MissingColumn(match[1], match[2])
    return None


def _postgresql_problem(error: DBAPIError) -> DatabaseProblem | None:
    state = getattr(error.orig, "sqlstate", None)
    said = str(error.orig)
    match state:
        case "55P03":
            return DatabaseLocked()
        case "57014":
            return DatabaseTooSlow()
        case "42P01":
            match = re.search(r'"(.+?)"', said)
            return MissingTable(match[1] if match else "of this statement", have=())
        case "42703":
            match = re.search(r'column "?(?:([\w]+)\.)?(.+?)"? (?:of relation "(.+?)" )?does not exist', said)
            return MissingColumn((match[1] or match[3]) if match else None, match[2] if match else "of this statement")
        case _:
            pass
    if error.connection_invalidated or state is None or state[:2] in ("08", "28", "3D", "53", "57"):
        from sqlalchemy.exc import OperationalError

        return (
            DatabaseUnreachable(said.splitlines()[0] if said else "no answer")
            if isinstance(error, OperationalError)
            else None
        )
    return None


_POSTGRESQL_USER_TABLES = r"""
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
_POSTGRESQL_TABLES = f"""
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) {_POSTGRESQL_USER_TABLES}
      AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
"""
_POSTGRESQL_UNTIE = """
    SELECT set_config('session_replication_role', 'replica', true) FROM pg_roles
    WHERE rolname = current_user AND rolsuper
"""
"""Skips the check of each row's foreign keys, until the end of the transaction, for those who may."""
_POSTGRESQL_RESTART = f"""
    SELECT setval(c.oid::regclass, s.seqstart, false)
    FROM (SELECT c.oid {_POSTGRESQL_USER_TABLES}) c JOIN pg_sequence s ON s.seqrelid = c.oid
"""
_POSTGRESQL_STATE = f"""
    SELECT md5(concat(
        (SELECT string_agg(
            concat_ws(',', c.oid, c.relname, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef),
            ';' ORDER BY c.oid, a.attnum)
         FROM (SELECT c.oid, c.relname, c.relkind {_POSTGRESQL_USER_TABLES}) c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped), '|',
        (SELECT string_agg(k.oid::text, ',' ORDER BY k.oid) FROM pg_constraint k WHERE k.oid >= 16384), '|',
        (SELECT string_agg(i.indexrelid::text, ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indexrelid >= 16384)))
"""
