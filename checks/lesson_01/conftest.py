"""What the checks of lesson 1 have in common."""

from __future__ import annotations

import json
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

_DISHES = ("Soup", "Pie", "Noodle", "Curry", "Bread", "Salad", "Stew", "Dumpling", "Pancake", "Risotto")


@pytest.fixture
def need(service: Any) -> Any:
    """Fail the check where the learner's modules lack one of these names: ``need("app.main:create_app")``."""

    def need_names(*names: str) -> None:
        missing = service.inside("missing", names=names)
        assert not missing, missing[0]

    return need_names


@pytest.fixture
def router_routes(service: Any, need: Any) -> dict[str, str]:
    """The addresses of the learner's router after /recipes, ``{}`` for a parameter, and what each one is called."""
    need("app.api.recipes:router")
    return service.inside("router_routes")


@pytest.fixture
def settings_from(service: Any, need: Any) -> Any:
    """Make the learner's ``Settings()`` in an environment that holds just these variables."""
    need("app.core.config:Settings")
    return partial(service.inside, "settings_from")


@pytest.fixture
def services(service: Any, need: Any) -> Any:
    """Make services with the learner's ``create_app``, and take steps with them."""
    need("app.core.config:Settings", "app.main:create_app")
    return partial(service.inside, "services")


@pytest.fixture
def imported_first(launch: Any) -> Any:
    """Import one module of the learner's, alone, in a fresh Python: what that did."""

    def do_import(module: str, env: dict[str, str | None]) -> dict[str, Any]:
        with launch(app="", env=env) as python:
            outcome = python.call("workbook.service.child.imports:import_alone", module)
            return {**outcome, "printed": outcome["printed"] or python.output()}

    return do_import


@pytest.fixture
def modules(target: Path) -> list[str]:
    """The names of the learner's modules, from the files on disk.

    Of the packages only ``app`` itself: each other one is imported with its modules. A ``__main__.py`` is run, not
    imported, and what has no name that could be imported is no module, such as the copies that JupyterLab keeps.
    """
    files = [file for file in sorted((target / "app").rglob("*.py")) if file.stem not in ("__init__", "__main__")]
    names = (file.relative_to(target).with_suffix("").parts for file in files)
    return ["app", *(".".join(parts) for parts in names if all(part.isidentifier() for part in parts))]


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
def make_env(rng: random.Random) -> Any:
    """A maker of environment variables for ``Settings``, with other values at each call."""
    numbers = iter(rng.sample(range(1000, 9999), 50))

    def make(**changes: str) -> dict[str, str]:
        dish, number = rng.choice(_DISHES), next(numbers)
        return {
            "PROJECT_NAME": f"{dish} API {number}",
            "VERSION": f"{number // 1000}.{number // 10 % 100}.{number % 10}",
            "CONTACT_EMAIL": f"{dish.lower()}{number}@example.org",
            "CORS_ORIGINS": json.dumps([f"https://{dish.lower()}-{number}.example"]),
            **changes,
        }

    return make
