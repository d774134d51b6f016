"""What the checks of lesson 5 have in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.addresses import V1
from shared.makers import make_password, make_recipe, make_user
from shared.rows import add_recipe, add_recipes, add_user, labels

__all__ = ["add_recipe", "add_recipes", "add_user", "labels", "make_password", "make_recipe", "make_user"]


@pytest.fixture
def titled() -> Any:
    """A maker of what version 2 shows of a recipe, from what version 1 shows of it."""

    def shown(recipe: dict[str, Any]) -> dict[str, Any]:
        return {"title" if name == "label" else name: value for name, value in recipe.items()}

    return shown


@pytest.fixture
def version_1() -> Any:
    """Tell what an OpenAPI document says of version 1: its operations, and the schemas that they use.

    Texts for humans, the ids of operations and the flag are left out: they may change.
    """

    def told(document: dict[str, Any], prefix: str = V1) -> dict[str, Any]:
        paths = {
            path.removeprefix(prefix): _without_texts(operations)
            for path, operations in document["paths"].items()
            if path.startswith(f"{prefix}/")
        }
        schemas: dict[str, Any] = {}
        waiting = sorted(_references(paths))
        while waiting:
            name = waiting.pop()
            if name not in schemas:
                schemas[name] = _without_texts(document["components"]["schemas"][name])
                waiting += sorted(_references(schemas[name]))
        return {"paths": paths, "schemas": schemas}

    return told


@pytest.fixture
def known_version_1() -> Any:
    """What the document said of version 1 before there was a version 2."""
    return json.loads(Path(__file__).with_name("version_1.json").read_text(encoding="utf-8"))


_TEXTS = {"description", "summary", "title", "example", "examples", "operationId", "deprecated", "tags"}


def _without_texts(part: Any, *, named: bool = False) -> Any:
    """Leave out what only humans read; under ``properties`` a name such as ``title`` is a field."""
    if isinstance(part, dict):
        items: dict[str, Any] = {**part}
        return {
            name: _without_texts(value, named=name in {"properties", "responses", "schemas"})
            for name, value in items.items()
            if named or name not in _TEXTS
        }
    if isinstance(part, list):
        each: list[Any] = [*part]
        return [_without_texts(one) for one in each]
    return part


def _references(part: Any) -> set[str]:
    """The names of the schemas that a part of the document uses."""
    found = set[str]()
    if isinstance(part, dict):
        items: dict[str, Any] = {**part}
        if isinstance(items.get("$ref"), str):
            found.add(str(items["$ref"]).rpartition("/")[2])
        found.update(*(_references(value) for value in items.values()))
    elif isinstance(part, list):
        each: list[Any] = [*part]
        found.update(*(_references(one) for one in each))
    return found
