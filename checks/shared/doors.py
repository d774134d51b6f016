"""The requests that change recipes, in both versions, from lesson 7 on."""

from __future__ import annotations

from typing import Any

import pytest

from shared.addresses import V1, V2

VERSIONS = [V1, V2]


@pytest.fixture
def make_body(make_recipe: Any) -> Any:
    """A maker of a new recipe in the words of a version."""

    def make(version: str, **changes: Any) -> dict[str, Any]:
        recipe = make_recipe(**changes)
        return recipe if version == V1 else {"title" if name == "label" else name: recipe[name] for name in recipe}

    return make


@pytest.fixture
def doors(make_body: Any) -> Any:
    """All requests that change or remove the recipe with a number: a name, and method, address and body."""

    def all_of(number: int) -> dict[str, tuple[str, str, dict[str, Any] | None]]:
        found: dict[str, tuple[str, str, dict[str, Any] | None]] = {}
        for version in VERSIONS:
            address, name = f"{version}/recipes/{number}", "label" if version == V1 else "title"
            found[f"PATCH {version}"] = ("PATCH", address, {name: "Changed by somebody"})
            found[f"DELETE {version}"] = ("DELETE", address, None)
        found[f"PUT {V1}"] = ("PUT", f"{V1}/recipes/{number}", make_body(V1))
        return found

    return all_of
