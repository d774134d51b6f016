"""Fresh, empty databases for services: files in a scratch folder, or databases on a PostgreSQL server."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from workbook.service.database.problem import DatabaseUnreachable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

SETTING: Final = "WORKBOOK_DATABASE_URL"
"""The environment variable that names a PostgreSQL server to use instead of SQLite."""
FROM_ENVIRONMENT: Final = "from the environment"
DATABASES: Final = "databases"
"""The folder in a run's scratch that has a folder for each SQLite database."""


class Databases(Protocol):
    """Makes empty databases, and drops all it made."""

    def new(self, name: str = "service") -> str:
        """Make an empty database.

        Args:
            name: what it is for, as a hint for whoever looks into the scratch folder.

        Returns:
            Its URL, for the app and for ``Database``.

        Raises:
            DatabaseUnreachable: the PostgreSQL server cannot be used.
        """
        ...

    def drop(self, url: str) -> None:
        """Drop a database that ``new`` made, whoever is connected to it. Dropping it again does nothing."""
        ...

    def close(self) -> None:
        """Drop every database that is left. The object can be used again."""
        ...


def make_databases(scratch: Path, url: str | None = FROM_ENVIRONMENT) -> Databases:
    """Where the databases of a run come from.

    Args:
        scratch: a folder of this run, for SQLite files.
        url: a database on a PostgreSQL server whose role may create databases; None for SQLite; without it, what
            ``WORKBOOK_DATABASE_URL`` says when it is set, else SQLite.

    Raises:
        DatabaseUnreachable: the URL is of another kind of database.
    """
    if url == FROM_ENVIRONMENT:
        url = os.environ.get(SETTING)
    if not url or url.startswith("sqlite"):
        return SQLiteDatabases(scratch)
    if not re.match(r"postgres(ql)?(\+\w+)?://", url):
        raise DatabaseUnreachable(f"{SETTING} must begin with postgresql://")
    return PostgreSQLDatabases(url)


class SQLiteDatabases:
    """SQLite files below a scratch folder."""

    def __init__(self, scratch: Path) -> None:
        self._folder = scratch.resolve() / DATABASES
        self._numbers = count(1)
        self._made: dict[str, Path] = {}

    def new(self, name: str = "service") -> str:
        """Make an empty file in a folder of its own: the only place that a service and the checks share."""
        safe = re.sub(r"\W+", "_", name, flags=re.ASCII)[:40]
        folder = self._folder / f"{safe}_{next(self._numbers)}"
        folder.mkdir(parents=True)
        path = folder / f"{safe}.db"
        path.touch(exist_ok=False)  # it belongs to the service from its start, whoever opens it first
        url = f"sqlite:///{path.as_posix()}"
        self._made[url] = folder
        return url

    def drop(self, url: str) -> None:
        """Delete the folder."""
        folder = self._made.pop(url, None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Delete every file that is left, and their folder."""
        for url in list(self._made):
            self.drop(url)
        with suppress(OSError):  # a sandbox has it as a file system of its own, or it was never made
            self._folder.rmdir()


class PostgreSQLDatabases:
    """Databases on a PostgreSQL server, named so that what a killed run left behind can be told and dropped."""

    def __init__(self, url: str) -> None:
        self._url = sync_postgresql(url)
        self._made: set[str] = set()
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._tidied = False

    def new(self, name: str = "service") -> str:
        """Create a database; the first call drops what dead runs of this machine left."""
        import secrets

        from sqlalchemy import make_url

        database = f"workbook_{os.getpid()}_{place()}_{secrets.token_hex(4)}"
        with self._admin() as connection:
            if not self._tidied:
                self._tidied = True
                _drop_leftovers(connection)
            connection.exec_driver_sql(f"CREATE DATABASE {database} TEMPLATE template0")
        url = make_url(self._url).set(database=database).render_as_string(hide_password=False)
        self._made.add(url)
        return url

    def drop(self, url: str) -> None:
        """Drop the database and end every connection to it."""
        if url in self._made:
            from sqlalchemy import make_url

            with self._admin() as connection:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")
            self._made.discard(url)

    def close(self) -> None:
        """Drop every database that is left, and disconnect."""
        for url in list(self._made):
            self.drop(url)
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    @contextmanager
    def _admin(self) -> Generator[Connection]:
        from sqlalchemy.exc import OperationalError

        try:
            from sqlalchemy import create_engine

            with self._lock:
                if self._engine is None:
                    self._engine = create_engine(
                        self._url,
                        isolation_level="AUTOCOMMIT",
                        pool_size=1,
                        pool_pre_ping=True,
                        connect_args={"connect_timeout": 5, "application_name": "workbook databases"},
                    )
                engine = self._engine
            with engine.connect() as connection:
                yield connection
        except ModuleNotFoundError as missing:
            raise DatabaseUnreachable("install its driver with: pip install 'psycopg[binary]'") from missing
        except OperationalError as error:
            raise DatabaseUnreachable(str(error.orig).splitlines()[0]) from error


def sync_postgresql(url: str) -> str:
    """A PostgreSQL URL for the driver that the checks use."""
    return re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql+psycopg:", url)


def place() -> str:
    """The set of processes in which a process number means one process: this machine, or this container, as a name."""
    import hashlib
    import socket

    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:8]


def _drop_leftovers(connection: Connection) -> None:
    from sqlalchemy.exc import DBAPIError

    for (name,) in connection.exec_driver_sql("SELECT datname FROM pg_database").all():
        match = re.fullmatch(r"workbook_(\d+)_([0-9a-f]{8})_[0-9a-f]{8}", name)
        if match and match[2] == place() and not _alive(int(match[1])):
            with suppress(DBAPIError):  # somebody is still connected to it, or another run was quicker
                connection.exec_driver_sql(f"DROP DATABASE {name}")


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # asking would end the process there; what is left is small
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
