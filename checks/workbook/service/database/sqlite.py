"""A SQLite database as the checks open it: an ordinary file in the folder where it was made, and nothing else."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.service.database import limits
from workbook.service.database.problem import (
    DatabaseBroken,
    DatabaseLocked,
    DatabaseProblem,
    DatabaseTooSlow,
    MissingColumn,
    MissingTable,
    TooMuchData,
)
from workbook.service.database.strict_sqlite import REVERSED

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_CLOCK_STEPS = 20_000
"""Steps of SQLite's virtual machine, well below a millisecond, between two looks at the clock."""


class SqliteFile:
    """One database file, which the learner's app writes too."""

    def __init__(self, url: str) -> None:
        path = Path(url.partition(":///")[2].partition("?")[0])
        self._path = path.parent.resolve() / path.name

    @property
    def exists(self) -> bool:
        """Whether there is anything at its path."""
        return os.path.lexists(self._path)

    def engine(self) -> Engine:
        """An engine whose connections are checked each time they are taken."""
        from sqlalchemy import QueuePool, create_engine, event
        from sqlalchemy.exc import DisconnectionError

        engine = create_engine("sqlite://", creator=self._open, poolclass=QueuePool, pool_size=1, max_overflow=50)

        def opened(connection: sqlite3.Connection, record: Any) -> None:
            record.info["clock"] = clock = _Clock()
            record.info["file"] = self.identity()
            connection.set_progress_handler(clock, _CLOCK_STEPS)

        def taken(_connection: object, record: Any, _proxy: object) -> None:
            if record.info["file"] != self.identity():
                raise DisconnectionError("the file was replaced; open the new one")

        def begins(connection: Connection, *_: object) -> None:
            connection.info["clock"].restart()

        event.listen(engine, "connect", opened)
        event.listen(engine, "checkout", taken)
        event.listen(engine, "before_cursor_execute", begins)
        return engine

    def _open(self) -> sqlite3.Connection:
        self.identity()
        connection = sqlite3.connect(self._path, timeout=limits.LOCK_SECONDS, check_same_thread=False)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.VALUE_LIMIT)
        connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, limits.SCHEMA_LIMIT)
        connection.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 20)
        # trusted_schema: what the schema itself runs may call harmless functions only. synchronous: ours is scratch.
        connection.executescript(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
            f"PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; {REVERSED};"
        )
        return connection

    def identity(self) -> tuple[int, int] | None:
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

    def reset(self, kept: Iterable[str]) -> None:
        """Delete all rows of all tables but ``kept``, and restart the counters."""
        # By the driver alone: most checks need a reset, and not all of them need SQLAlchemy.
        if not self.exists:
            return
        try:
            with closing(self._open()) as connection:
                # Without enforcement no order of deletion can be wrong. It can only be switched outside a transaction.
                connection.execute("PRAGMA foreign_keys = OFF")
                connection.execute("BEGIN IMMEDIATE")
                connection.set_progress_handler(_Clock(), _CLOCK_STEPS)
                for name in table_names(connection.execute):
                    if name not in kept:
                        connection.execute(f"DELETE FROM {quoted(name)}")
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
                    connection.execute("DELETE FROM sqlite_sequence")
                connection.commit()
        except sqlite3.Error as error:
            raise sqlite_problem(error) or error from error


class _Clock:
    """Stops a statement of SQLite that runs too long."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.until = time.monotonic() + limits.STATEMENT_SECONDS

    def __call__(self) -> bool:
        return time.monotonic() > self.until


def table_names(ask: Callable[[str], Iterable[Sequence[Any]]]) -> list[str]:
    """The names of all tables, without SQLite's own and those in which a virtual table keeps its rows."""
    if sqlite3.sqlite_version_info >= (3, 37):
        names = [row[1] for row in ask("PRAGMA table_list") if row[0] == "main" and row[2] in ("table", "virtual")]
    else:
        names = [row[0] for row in ask("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return sorted(name for name in names if not name.lower().startswith("sqlite_"))


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def unique_columns(connection: Connection, table: str) -> set[tuple[str, ...]]:
    """The columns of each unique constraint and index of a table."""
    found: set[tuple[str, ...]] = set()
    # Asked of SQLite itself: SQLAlchemy reads constraints from the text of CREATE TABLE, in the usual spellings.
    for _, index_name, unique, _, partial in connection.exec_driver_sql(f"PRAGMA index_list({quoted(table)})"):
        if unique and not partial:
            parts = connection.exec_driver_sql(f"PRAGMA index_info({quoted(index_name)})").all()
            if all(name is not None for _, _, name in parts):
                found.add(tuple(name for _, _, name in parts))
    return found


def sqlite_problem(error: sqlite3.Error) -> DatabaseProblem | None:
    """What an error of the driver means, in words for the learner; None where it is none of the known ones."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    said = str(error)
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseLocked()
        case sqlite3.SQLITE_INTERRUPT:
            return DatabaseTooSlow()
        case sqlite3.SQLITE_TOOBIG:
            return TooMuchData(f"{limits.VALUE_LIMIT // 1024**2} MB in one value")
        case sqlite3.SQLITE_CORRUPT if "too big" in said:
            return TooMuchData(f"{limits.SCHEMA_LIMIT:,} bytes in one CREATE statement")
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
