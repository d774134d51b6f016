"""What the checks of lesson 3 have in common."""

from __future__ import annotations

from typing import Any

import pytest

from shared.makers import make_password, make_recipe, make_user
from shared.races import overtake
from shared.rows import labels, refuses
from workbook.service.database.problem import MissingColumn, RowRefused

__all__ = ["labels", "make_password", "make_recipe", "make_user", "overtake", "refuses"]
_STAMPS = ("created_at", "updated_at")


@pytest.fixture
def add_rows(service: Any, database: Any) -> Any:
    """A maker of rows through the mapped classes, in a session of its own. It returns their ids."""

    def add(table: str, model: str, rows: list[dict[str, Any]]) -> list[int]:
        there = database.columns(table)
        for name in rows[0]:
            if name not in there:
                raise MissingColumn(table, name, have=there)
        match service.inside("add_rows", model=model, rows=rows):
            case {"ids": [*ids]} if len(ids) == len(rows) and all(isinstance(number, int) for number in ids):
                return ids
            case {"refused": str(why)}:
                raise RowRefused(why)
            case _:
                raise RowRefused("the ids of the new rows are no whole numbers")

    return add


@pytest.fixture
def add_user(add_rows: Any, make_user: Any) -> Any:
    """A maker of a stored user. It returns the user as the service should show it."""

    def add(**changes: Any) -> dict[str, Any]:
        user = make_user(is_superuser=False, **changes)
        password = user.pop("password")
        [number] = add_rows("users", "User", [{**user, "hashed_password": f"not-a-hash-{password}"}])
        return {"id": number, **user}

    return add


@pytest.fixture
def add_recipes(add_rows: Any, add_user: Any, make_recipe: Any) -> Any:
    """A maker of many stored recipes at once. It returns them as the service should show them, without stamps."""

    def add(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        somebody = None if all("submitter_id" in row for row in changes) else add_user()["id"]
        rows = [make_recipe(**{"submitter_id": somebody, **row}) for row in changes]
        return [{**row, "id": number} for row, number in zip(rows, add_rows("recipes", "Recipe", rows), strict=True)]

    return add


@pytest.fixture
def add_recipe(add_recipes: Any) -> Any:
    """A maker of one stored recipe. It returns the recipe as the service should show it, without stamps."""

    def add(**changes: Any) -> dict[str, Any]:
        return add_recipes([changes])[0]

    return add


@pytest.fixture
def stamped() -> Any:
    """The expected recipe, with the stamps that the answer shows: they are there once exercise 3.6 is done."""

    def expected(recipe: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
        return {**recipe, **{name: shown[name] for name in _STAMPS if name in shown}}

    return expected
