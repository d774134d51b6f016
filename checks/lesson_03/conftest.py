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
def add_recipes(database: Any, add_user: Any, make_recipe: Any) -> Any:
    """A maker of many rows in ``recipes`` at once, from outside the service. It returns the rows, without stamps."""

    def add(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        somebody = None if all("submitter_id" in row for row in changes) else add_user()["id"]
        rows = [make_recipe(**{"submitter_id": somebody, **row}) for row in changes]
        names = list(rows[0])
        # Once exercise 3.6 is done there are stamps to fill in, and the database's own clock does it.
        stamps = [name for name in _STAMPS if name in database.columns("recipes")]
        clock = ["CURRENT_TIMESTAMP"] * len(stamps)
        lines = [", ".join([f":{name}_{number}" for name in names] + clock) for number in range(len(rows))]
        found = database.execute(
            f"INSERT INTO recipes ({', '.join(names + stamps)}) VALUES ({'), ('.join(lines)}) RETURNING id, label",
            **{f"{name}_{number}": value for number, row in enumerate(rows) for name, value in row.items()},
        )
        ids = {row["label"]: row["id"] for row in found}
        return [{"id": ids[row["label"]], **row} for row in rows]

    return add


@pytest.fixture
def add_recipe(add_recipes: Any) -> Any:
    """A maker of one row in ``recipes``, from outside the service. It returns the row, without stamps."""

    def add(**changes: Any) -> dict[str, Any]:
        return add_recipes([changes])[0]

    return add


@pytest.fixture
def stamped() -> Any:
    """The expected recipe, with the stamps that the answer shows: they are there once exercise 3.6 is done."""

    def expected(recipe: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
        return {**recipe, **{name: shown[name] for name in _STAMPS if name in shown}}

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
    yield service.inside
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
