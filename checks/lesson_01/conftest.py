"""What the checks of lesson 1 have in common."""

from __future__ import annotations

import random
from typing import Any

import pytest

_DISHES = ("Soup", "Pie", "Noodle", "Curry", "Bread", "Salad", "Stew", "Dumpling", "Pancake", "Risotto")


@pytest.fixture
def recipes(client: Any) -> list[dict[str, Any]]:
    """The recipes of the learner's service, as it lists them itself (with or without a slash at the end)."""
    reply = client.get("/recipes")
    if reply.is_redirect:
        reply = client.get("/recipes/")
    assert reply.status_code == 200
    listed: list[dict[str, Any]] = reply.json()
    assert isinstance(listed, list)
    assert len(listed) >= 3
    return sorted(listed, key=lambda recipe: recipe["id"])


@pytest.fixture
def unknown_id(recipes: list[dict[str, Any]], rng: random.Random) -> int:
    """An id that no recipe has."""
    return max(recipe["id"] for recipe in recipes) + rng.randint(1, 5000)


@pytest.fixture
def make_settings(rng: random.Random) -> Any:
    """A maker of settings, different at each call: the keyword arguments of ``Settings``."""

    def make(**changes: Any) -> dict[str, Any]:
        dish = rng.choice(_DISHES)
        return {
            "project_name": f"{dish} API {rng.randint(100, 999)}",
            "version": f"{rng.randint(1, 9)}.{rng.randint(0, 9)}.{rng.randint(0, 99)}",
            "contact_email": f"{dish.lower()}{rng.randint(100, 999)}@example.org",
            **changes,
        }

    return make


@pytest.fixture
def make_origin(rng: random.Random) -> Any:
    """A maker of web origins, different at each call."""

    def make() -> str:
        return f"https://{rng.choice(_DISHES).lower()}-{rng.randint(1000, 9999)}.example"

    return make
