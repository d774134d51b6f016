"""The engine, and the session that each request borrows."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session

POOL_SIZE = 5
"""How many connections to the database this process has open at the most."""


# region 3.1
def enforce_foreign_keys(connection: DBAPIConnection, _record: object) -> None:
    """Tell a new connection to keep foreign keys: SQLite reads them and ignores them until it is told."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


# endregion
def make_engine(url: str) -> Engine:
    """Make the engine for a database. It opens nothing: the first query does.

    Args:
        url: where the database is: ``sqlite:///kitchen.db``, ``postgresql+psycopg://cook@localhost/kitchen``, …
    """
    engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=0, pool_timeout=1)
    # region 3.1 Make SQLite keep foreign keys, on every connection
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", enforce_foreign_keys)
    # endregion
    return engine


def get_session(request: Request) -> Iterator[Session]:
    """Lend a session to one request, and take it back when the request is over, however it ended."""
    # region 3.2 Make a session, lend it with yield, close it in any case
    with request.app.state.sessions() as session:
        yield session
    # starter: raise NotImplementedError("exercise 3.2: there is no session to lend yet")
    # endregion


# region 3.2 Let no more requests in than there are connections
# max_concurrency: the requests beyond wait at the door, and a request that waits there keeps no thread busy.
# No scope="function": the endpoints commit, so all that is left for after the answer is to close the session.
SessionDep = Annotated[Session, Depends(get_session, max_concurrency=POOL_SIZE)]
# starter: SessionDep = Annotated[Session, Depends(get_session)]
# endregion
"""What an endpoint writes as a parameter's type to get the session of its request."""
