"""What the checks of lesson 1 have in common."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest

_DISHES = ("Soup", "Pie", "Noodle", "Curry", "Bread", "Salad", "Stew", "Dumpling", "Pancake", "Risotto")


@pytest.fixture
def router_addresses(service: Any) -> list[str]:
    """What comes after /recipes in the addresses of the learner's router; ``{}`` stands for a parameter."""
    missing = service.inside("missing", names=["app.api.recipes:router"])
    assert not missing, missing[0]
    return service.inside("router_addresses")


@pytest.fixture
def settings_from(service: Any) -> Any:
    """Make the learner's ``Settings()`` in an environment that holds just these variables."""
    missing = service.inside("missing", names=["app.core.config:Settings"])
    assert not missing, missing[0]
    return partial(service.inside, "settings_from")


@pytest.fixture
def loading(service: Any) -> Any:
    """Load the learner's ``app.main`` anew in an environment that holds just these variables."""
    return partial(service.inside, "loading")


@pytest.fixture
def services(service: Any) -> Any:
    """Make services with the learner's ``create_app``, and take steps with them."""
    missing = service.inside("missing", names=["app.core.config:Settings", "app.main:create_app"])
    assert not missing, missing[0]
    return partial(service.inside, "services")


@pytest.fixture
def imported_alone(service: Any) -> Any:
    """Import each of the learner's modules first, as in a fresh Python."""
    return partial(service.inside, "imported_alone")


@pytest.fixture
def recipes(client: Any) -> list[dict[str, Any]]:
    """The recipes of the learner's service, as it lists them itself."""
    reply = client.get("/recipes")
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
    numbers = iter(rng.sample(range(1000, 9999), 50))

    def make() -> str:
        return f"https://{rng.choice(_DISHES).lower()}-{next(numbers)}.example"

    return make
