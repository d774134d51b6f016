"""What the checks of lesson 3 have in common."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

_FIRST = ("Ada", "Grace", "Edsger", "Barbara", "Alan", "Radia", "Donald", "Frances", "Guido", "Margaret")
_LAST = ("Okonkwo", "Lindqvist", "Moreau", "Takahashi", "Novak", "Haddad", "Iyer", "Castillo", "Byrne", "Weber")
_DISHES = ("Soup", "Pie", "Noodles", "Curry", "Bread", "Salad", "Stew", "Dumplings", "Pancakes", "Risotto")
_STAMPS = ("created_at", "updated_at")


@pytest.fixture
def make_user(rng: random.Random) -> Any:
    """A maker of what a client sends to sign up, different at each call."""

    def make(**changes: Any) -> dict[str, Any]:
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        return {
            "first_name": first,
            "surname": last,
            "email": f"{first}.{last}.{rng.randrange(10**9)}@example.org".lower(),
            "password": f"Pepper{rng.randrange(10**6)}",
            **changes,
        }

    return make


@pytest.fixture
def make_recipe(rng: random.Random) -> Any:
    """A maker of what a client sends to add a recipe, different at each call."""

    def make(**changes: Any) -> dict[str, Any]:
        number = rng.randrange(10**6)
        return {
            "label": f"{rng.choice(_DISHES)} number {number}",
            "source": f"{rng.choice(_FIRST)}'s table",
            "url": f"https://recipes.example/{number}",
            **changes,
        }

    return make


@pytest.fixture
def add_user(database: Any, make_user: Any) -> Any:
    """A maker of rows in ``users``, from outside the service. It returns the row, as the service should show it."""

    def add(**changes: Any) -> dict[str, Any]:
        row = make_user(is_superuser=False, **changes)
        row["hashed_password"] = f"not-a-hash-{row.pop('password')}"
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        found = database.execute(f"INSERT INTO users ({names}) VALUES ({values}) RETURNING id", **row)
        del row["hashed_password"]
        return {"id": found[0]["id"], **row}

    return add


@pytest.fixture
def add_recipe(database: Any, add_user: Any, make_recipe: Any) -> Any:
    """A maker of rows in ``recipes``, from outside the service. It returns the row, without its stamps."""

    def add(**changes: Any) -> dict[str, Any]:
        row = make_recipe(**changes)
        if "submitter_id" not in row:
            row["submitter_id"] = add_user()["id"]
        given = {name: f":{name}" for name in row}
        # Once exercise 3.6 is done there are stamps to fill in, and the database's own clock does it.
        given |= {name: "CURRENT_TIMESTAMP" for name in _STAMPS if name in database.columns("recipes")}
        names, values = ", ".join(given), ", ".join(given.values())
        found = database.execute(f"INSERT INTO recipes ({names}) VALUES ({values}) RETURNING id", **row)
        return {**row, "id": found[0]["id"]}

    return add


@pytest.fixture
def stamped() -> Any:
    """The expected recipe, with the stamps that the answer shows: they are there once exercise 3.6 is done."""

    def expected(recipe: dict[str, Any], shown: Any) -> dict[str, Any]:
        stamps = {name: shown[name] for name in _STAMPS if name in shown} if isinstance(shown, dict) else {}
        return {**recipe, **stamps}

    return expected


@pytest.fixture
def labels(database: Any) -> Any:
    """The labels of all stored recipes, in the order of their ids: seen from outside the service."""
    return lambda: [row["label"] for row in database.execute("SELECT label FROM recipes ORDER BY id")]


@pytest.fixture
def refuses(database: Any) -> Any:
    """Send one statement from outside, on a connection that keeps foreign keys, and tell whether it was refused."""
    from sqlalchemy.exc import IntegrityError

    def refused(statement: str, **values: Any) -> bool:
        try:
            database.execute(statement, **values)
        except IntegrityError:
            return True
        return False

    return refused


@pytest.fixture
def trouble(service: Any) -> Iterator[Any]:
    """Make trouble inside the service; it ends with the check."""
    yield lambda name, **facts: service.inside(name, **facts)
    service.inside("end_trouble")


@pytest.fixture
def still_borrowed(service: Any) -> Any:
    """How many connections stay out of the pool. What happens after an answer gets up to two seconds to happen."""

    def borrowed() -> int:
        deadline = time.monotonic() + 2
        while (
            out := max(service.inside("connections")["borrowed"], service.connections_checked_out())
        ) and time.monotonic() < deadline:
            time.sleep(0.02)
        return out

    return borrowed
