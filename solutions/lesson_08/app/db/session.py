"""The engine: where the database is, and how many connections to it are open."""

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

POOL_SIZE = 5
"""How many connections to the database this process has open at the most."""


def enforce_foreign_keys(connection: DBAPIConnection, _record: object) -> None:
    """Tell a new connection to keep foreign keys: SQLite reads them and ignores them until it is told."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def make_engine(url: str) -> Engine:
    """Make the engine for a database. It opens nothing: the first query does.

    Args:
        url: where the database is: ``sqlite:///kitchen.db``, ``postgresql+psycopg://cook@localhost/kitchen``, …
    """
    engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=0, pool_timeout=1)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", enforce_foreign_keys)
    return engine
