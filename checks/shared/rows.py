"""Rows of ``users`` and ``recipes``, put into the database and seen from outside the service, from lesson 4 on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


@pytest.fixture
def add_user(database: Any, make_user: Any) -> Any:
    """A maker of a stored user. It returns the user as the service should show it."""

    def add(**changes: Any) -> dict[str, Any]:
        user = make_user(is_superuser=False, **changes)
        password = user.pop("password")
        number = database.insert("users", **user, hashed_password=f"not-a-hash-{password}")
        return {"id": number, **user}

    return add


@pytest.fixture
def add_recipes(database: Any, add_user: Any, make_recipe: Any, rng: Any) -> Any:
    """A maker of many stored recipes, each made and changed at a moment of its own in the past.

    It returns them as the service should show them, without the two moments.
    """

    def add(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        somebody = None if all("submitter_id" in row for row in changes) else add_user()["id"]
        rows = [make_recipe(**{"image": None, "submitter_id": somebody, **row}) for row in changes]
        now = datetime.now(UTC).replace(microsecond=0)
        for row in rows:
            made = now - timedelta(days=rng.randint(50, 500), seconds=rng.randrange(86_400))
            stamps = {"created_at": made, "updated_at": made + timedelta(days=rng.randint(1, 40))}
            row["id"] = database.insert("recipes", **row, **stamps)
        return rows

    return add


@pytest.fixture
def add_recipe(add_recipes: Any) -> Any:
    """A maker of one stored recipe. It returns the recipe as the service should show it, without its moments."""

    def add(**changes: Any) -> dict[str, Any]:
        return add_recipes([changes])[0]

    return add


@pytest.fixture
def labels(database: Any) -> Any:
    """The labels of all stored recipes, in the order of their ids: seen from outside the service."""
    return lambda: [row["label"] for row in database.execute("SELECT label FROM recipes ORDER BY id")]


@pytest.fixture
def refuses(database: Any) -> Any:
    """Send one statement from outside, on a connection that keeps foreign keys, and tell whether it was refused."""
    from sqlalchemy.exc import IntegrityError  # here: it is loaded while the service starts

    def refused(statement: str, **values: Any) -> bool:
        try:
            database.execute(statement, **values)
        except IntegrityError:
            return True
        return False

    return refused
