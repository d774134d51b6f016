"""Make things go wrong inside the service, as they do in production. Runs in the service process.

Checks use it through the fixture ``inject``. All of it ends with ``end``.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import Pool

from workbook.service.protocol.problem import INJECTED_CRASH

_ends: list[Callable[[], None]] = []
"""What ends each thing that was injected."""
_lock = threading.RLock()  # the garbage collector can run an event handler while this thread holds it
_released = threading.Event()
_held: list[int] = []


def _listen(place: Any, name: str, handler: Callable[..., None]) -> None:
    event.listen(place, name, handler)
    _ends.append(lambda: event.remove(place, name, handler))


def end() -> None:
    """Let everything be as it was before."""
    while _ends:
        _ends.pop()()


def crash_at_statement(beginning: str, number: int = 1) -> None:
    """Let the n-th statement from now that begins like this raise an error that no code expects."""
    seen = 0

    def crash(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal seen
        if _begins(statement, beginning):
            with _lock:
                seen += 1
                crashes = seen == number
            if crashes:
                raise RuntimeError(INJECTED_CRASH)

    _listen(Engine, "before_cursor_execute", crash)


def hold_statements(beginning: str = "") -> None:
    """Let every statement that begins like this wait until ``release_statements``, or for five seconds."""
    _released.clear()
    _held.clear()

    def wait(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if _begins(statement, beginning):
            _held.append(threading.get_ident())
            _released.wait(5)

    _listen(Engine, "before_cursor_execute", wait)
    _ends.append(_released.set)


def statements_held() -> int:
    """How many statements have come to wait since they are held."""
    return len(_held)


def release_statements() -> None:
    """Let the statements run that are held."""
    _released.set()


def slow_commits(seconds: float) -> None:
    """Let each commit take at least this long."""

    def wait(_connection: Connection) -> None:
        time.sleep(seconds)

    _listen(Engine, "commit", wait)


def refuse_commits() -> None:
    """Let each commit fail as a database does when its disk is full: it undoes the transaction and says so."""

    def refuse(connection: Connection) -> None:
        connection.connection.rollback()
        raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    _listen(Engine, "commit", refuse)


def keep_foreign_keys() -> None:
    """Let SQLite keep foreign keys on every connection, whether or not the app has told it to."""

    def keep(connection: Any, _record: Any, _proxy: Any) -> None:
        if "sqlite" in type(connection).__module__:
            with closing(connection.cursor()) as cursor:
                cursor.execute("PRAGMA foreign_keys = ON")

    _listen(Pool, "checkout", keep)


def move_to(zone: str) -> None:
    """Let the service's computer stand in another time zone; without effect where the system cannot do that."""
    if not hasattr(time, "tzset"):
        return
    before = os.environ.get("TZ")

    def back() -> None:
        if before is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = before
        time.tzset()

    os.environ["TZ"] = zone
    time.tzset()
    _ends.append(back)


def _begins(statement: str, beginning: str) -> bool:
    return statement.lstrip().upper().startswith(beginning)
