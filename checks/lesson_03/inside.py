"""What the checks of lesson 3 do with the models. It runs in the service's process, and reports facts only."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool


@cache
def _engine() -> Engine:
    """An engine that is not the service's own."""
    engine = create_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _watch_foreign_keys)
    return engine


def _watch_foreign_keys(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


def _make(model: str, values: dict[str, Any]) -> Any:
    """Make an object of a model; its stamps, which exercise 3.6 adds, are left to the database's clock."""
    from app import models

    kind = getattr(models, model)
    row = kind(**{name: value for name, value in values.items() if name != "id"})
    if "id" in values:
        row.id = values["id"]
    for name in {"created_at", "updated_at"} & set(inspect(kind).columns.keys()):
        setattr(row, name, func.current_timestamp())
    return row


def add_rows(model: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Store a row for each dict through the mapped class, and report the ids, or why the database refused."""
    with Session(_engine()) as session:
        made = [_make(model, values) for values in rows]
        session.add_all(made)
        try:
            session.commit()
        except SQLAlchemyError as error:
            return {"refused": str(getattr(error, "orig", None) or error).partition("\n")[0]}
        return {"ids": [row.id for row in made]}


def foreign_keys_kept(url: str, recipe_id: int, user_id: int, nobody: int) -> list[bool]:
    """On each of two connections of the learner's engine: is a submitter who exists taken, and nobody refused?"""
    from app.db.session import make_engine

    engine = make_engine(url)
    try:
        with engine.connect() as one, engine.connect() as other:
            return [_moves(each, recipe_id, user_id) and not _moves(each, recipe_id, nobody) for each in (one, other)]
    finally:
        engine.dispose()


def _moves(connection: Connection, recipe_id: int, submitter: int) -> bool:
    statement = text("UPDATE recipes SET submitter_id = :submitter WHERE id = :id")
    try:
        connection.execute(statement, {"submitter": submitter, "id": recipe_id})
        connection.commit()
    except SQLAlchemyError:
        connection.rollback()
        return False
    return True


def both_ends(user: dict[str, Any], recipe: dict[str, Any]) -> dict[str, bool]:
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


def store_tied(user: dict[str, Any], other: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Store two users with a recipe each: one is appended to ``recipes``, the other is given a ``submitter``."""
    with Session(_engine()) as session:
        first, second = _make("User", user), _make("User", other)
        first.recipes.append(_make("Recipe", recipe))
        _make("Recipe", recipe).submitter = second
        session.add_all([first, second])
        session.commit()


def delete_through_session(user_id: int) -> None:
    """Delete a user with ``session.delete``, and commit."""
    from app.models import User

    with Session(_engine()) as session:
        session.delete(session.get(User, user_id))
        session.commit()


def labels_through_relationship(user_id: int, recipe_id: int) -> dict[str, Any]:
    """Follow the relationship of stored rows, both ways."""
    from app.models import Recipe, User

    with Session(_engine()) as session:
        user, recipe = session.get(User, user_id), session.get(Recipe, recipe_id)
        assert user is not None
        assert recipe is not None
        return {"labels": sorted(one.label for one in user.recipes), "submitter": recipe.submitter.id}
