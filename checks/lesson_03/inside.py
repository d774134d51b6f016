"""Questions and trouble inside the learner's service. It runs in the service's process, and reports facts only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, Pool

_ends: list[Callable[[], None]] = []
"""What ends the trouble that was made."""
_lock = threading.RLock()  # the garbage collector can give a connection back while this thread holds it
_released = threading.Event()
_waiting: list[int] = []
_held: dict[int, Any] = {}
"""The connections that were borrowed and not given back. Kept here, the garbage collector cannot give them back."""
_opened: list[float] = []


def _listen(place: Any, name: str, handler: Callable[..., None]) -> None:
    event.listen(place, name, handler)
    _ends.append(lambda: event.remove(place, name, handler))


def end_trouble() -> None:
    """Let everything be as it was before."""
    while _ends:
        _ends.pop()()
    with _lock:
        _held.clear()
        _opened.clear()


# Trouble.


def crash_at_statement(beginning: str, number: int = 1) -> None:
    """Let the n-th statement from now that begins like this raise an error that no code expects."""
    seen = 0

    def crash(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal seen
        if statement.lstrip().upper().startswith(beginning):
            with _lock:
                seen += 1
                now = seen == number
            if now:
                raise RuntimeError("the power went off between two statements")

    _listen(Engine, "before_cursor_execute", crash)


def hold_statements() -> None:
    """Let every statement wait until ``release_statements``, or for five seconds."""
    _hold("before_cursor_execute", "")


def hold_answers_to_select() -> None:
    """Let whoever has read something wait until ``release_statements``, or for five seconds."""
    _hold("after_cursor_execute", "SELECT")


def _hold(moment: str, beginning: str) -> None:
    _released.clear()
    _waiting.clear()

    def wait(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(beginning):
            with _lock:
                _waiting.append(threading.get_ident())
            _released.wait(5)

    _listen(Engine, moment, wait)
    _ends.append(_released.set)


def statements_held() -> int:
    """How many statements have come to wait since they are held."""
    return len(_waiting)


def release_statements() -> None:
    """Let the statements run that are held."""
    _released.set()


def slow_commits(seconds: float) -> None:
    """Let each commit take at least this long."""

    def wait(_conn: Connection) -> None:
        time.sleep(seconds)

    _listen(Engine, "commit", wait)


def refuse_commits() -> None:
    """Let each commit fail as a database does when its disk is full: it undoes the transaction and says so."""

    def refuse(connection: Connection) -> None:
        connection.connection.rollback()
        raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    _listen(Engine, "commit", refuse)


def move_to(zone: str) -> bool:
    """Let the service's computer stand in another time zone. False where the system cannot do that."""
    if not hasattr(time, "tzset"):
        return False
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
    return True


# Facts.


def watch_connections() -> None:
    """Note from now on which connections are borrowed and given back, and how many are opened."""

    def borrowed(_dbapi: Any, record: Any, proxy: Any) -> None:
        with _lock:
            _held[id(record)] = proxy

    def given_back(_dbapi: Any, record: Any) -> None:
        with _lock:
            _held.pop(id(record), None)

    def opened(*_: Any) -> None:
        with _lock:
            _opened.append(time.monotonic())

    _listen(Pool, "checkout", borrowed)
    _listen(Pool, "checkin", given_back)
    _listen(Pool, "connect", opened)


def connections() -> dict[str, int]:
    """How many connections are borrowed now, and how many were opened since ``watch_connections``."""
    with _lock:
        return {"borrowed": len(_held), "opened": len(_opened)}


def orphans_refused(url: str, user_id: int, nobody: int) -> dict[str, Any]:
    """Store a recipe of a user and one of nobody on each of two connections of the learner's engine."""
    from app.db.session import make_engine

    engine = make_engine(url)
    try:
        with engine.connect() as one, engine.connect() as other:
            # One at a time: SQLite lets only one of two connections write.
            return {
                "accepted": [_stores(connection, user_id) for connection in (one, other)],
                "refused": [not _stores(connection, nobody) for connection in (one, other)],
            }
    finally:
        engine.dispose()


def _stores(connection: Connection, submitter_id: int) -> bool:
    row: dict[str, Any] = {"label": "Orphan", "source": "Nobody", "url": "https://a.example", "submitter": submitter_id}
    names, values = "label, source, url, submitter_id", ":label, :source, :url, :submitter"
    if "created_at" in {column["name"] for column in inspect(connection).get_columns("recipes")}:
        names, values = f"{names}, created_at, updated_at", f"{values}, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP"
    try:
        connection.execute(text(f"INSERT INTO recipes ({names}) VALUES ({values})"), row)
        connection.commit()
    except SQLAlchemyError:
        connection.rollback()
        return False
    return True


# The models, through a session that is not the service's own.


@contextmanager
def _session() -> Generator[Session]:
    engine = create_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def foreign_keys_on(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA foreign_keys = ON")

    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def store_through_models(user: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    """Store a user and one recipe of theirs through the mapped classes."""
    from app.models import Recipe, User

    with _session() as session:
        row = User(**user)
        session.add(row)
        session.flush()
        dish = Recipe(**recipe, submitter_id=row.id)
        session.add(dish)
        session.commit()
        return {"user_id": row.id, "recipe_id": dish.id}


def both_ends(user: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    """Tie a recipe to a user from each end in turn, and report what the other end shows. Nothing is stored."""
    from app.models import Recipe, User

    owner, dish = User(**user), Recipe(**recipe)
    owner.recipes.append(dish)
    second, other = User(**user), Recipe(**recipe)
    other.submitter = second
    return {
        "submitter_after_append": dish.submitter is owner,
        "recipes_after_assignment": len(second.recipes) == 1 and second.recipes[0] is other,
    }


def delete_through_session(user_id: int) -> None:
    """Delete a user with ``session.delete``, and commit."""
    from app.models import User

    with _session() as session:
        session.delete(session.get(User, user_id))
        session.commit()


def labels_through_relationship(user_id: int, recipe_id: int) -> dict[str, Any]:
    """Follow the relationship of stored rows, both ways."""
    from app.models import Recipe, User

    with _session() as session:
        user, recipe = session.get(User, user_id), session.get(Recipe, recipe_id)
        assert user is not None
        assert recipe is not None
        return {"labels": sorted(one.label for one in user.recipes), "submitter": recipe.submitter.id}
