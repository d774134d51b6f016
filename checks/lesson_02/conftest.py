"""What the checks of lesson 2 have in common: makers of random input, and questions to the documentation."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from typing import Any, cast

import pytest

from shared.makers import make_password, make_recipe, make_user
from shared.printed import printed

__all__ = ["make_password", "make_recipe", "make_user", "printed"]

_DISHES = ("Soup", "Pie", "Noodles", "Curry", "Bread", "Salad", "Stew", "Dumplings", "Pancakes", "Risotto")


@pytest.fixture
def make_word(rng: random.Random) -> Any:
    """A maker of words of small letters, different at each call."""

    def make(length: int = 8) -> str:
        return "".join(rng.choices(string.ascii_lowercase, k=length))

    return make


@pytest.fixture
def put_user(service: Any, make_user: Any, rng: random.Random) -> Any:
    """A maker of stored users: each call returns the user as answers show it, and the hash that they must not show."""

    def put(*, is_superuser: bool = False) -> tuple[dict[str, Any], str]:
        shown = {name: value for name, value in make_user().items() if name != "password"}
        hashed = f"hash-{rng.getrandbits(80):020x}"
        stored = {**shown, "hashed_password": hashed, "is_superuser": is_superuser}
        return {"id": service.inside("put_user", user=stored), **shown, "is_superuser": is_superuser}, hashed

    return put


@pytest.fixture
def make_evening(rng: random.Random, make_word: Any) -> Any:
    """A maker of valid bodies for a tasting evening."""

    def make(**changes: Any) -> dict[str, Any]:
        day = f"2027-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        zone = rng.choice(["Z", "+00:00", "+01:00", "-05:00", "+05:30"])
        return {
            "title": f"{make_word().title()} tasting",
            "starts_at": f"{day}T{rng.randint(15, 19)}:{rng.randint(0, 59):02d}:00{zone}",
            "ends_at": f"{day}T{rng.randint(20, 23)}:{rng.randint(0, 59):02d}:00{zone}",
            "attendees": rng.randint(1, 1000),
            "price_cents": rng.randint(0, 100_000),
            **changes,
        }

    return make


@pytest.fixture
def make_ingredient(rng: random.Random, make_word: Any) -> Any:
    """A maker of valid ingredients."""

    def make(*made_from: dict[str, Any], **changes: Any) -> dict[str, Any]:
        ingredient: dict[str, Any] = {"name": make_word(), "grams": rng.randint(1, 2000)}
        if made_from:
            ingredient["made_from"] = list(made_from)
        return {**ingredient, **changes}

    return make


@pytest.fixture
def make_menu(rng: random.Random, make_ingredient: Any) -> Any:
    """A maker of valid bodies for a shopping list: as many dishes as asked for, or of the given ingredients."""

    def make(*dishes: list[dict[str, Any]], count: int = 1, stock: dict[str, int] | None = None) -> dict[str, Any]:
        lists = dishes or tuple([make_ingredient() for _ in range(rng.randint(1, 4))] for _ in range(count))
        return {
            "menu": {"dishes": [{"label": rng.choice(_DISHES), "ingredients": one} for one in lists]},
            "pantry": {"stock": stock or {}},
        }

    return make


@pytest.fixture
def documented(service: Any) -> Any:
    """A reader of the documentation: the entry of one route, whatever its path parameter is called there."""

    def read(method: str, path: str) -> dict[str, Any]:
        wanted = _shape(path)
        for address, entry in service.openapi()["paths"].items():
            if _shape(address) == wanted and method in entry:
                return entry[method]
        raise AssertionError(f"the documentation has no {method.upper()} {path}")

    return read


@pytest.fixture
def documented_examples(service: Any, documented: Any) -> Any:
    """A reader of the documentation: every example of a route's body, wherever it is written."""

    def read(method: str, path: str) -> list[Any]:
        body: dict[str, Any] = documented(method, path).get("requestBody", {})
        media: dict[str, Any] = body.get("content", {}).get("application/json", {})
        schema = _resolved(media.get("schema", {}), service.openapi())
        found = [*_examples(media), *_examples(schema)]
        fields: dict[str, list[Any]] = {
            name: _examples(_resolved(field, service.openapi())) for name, field in schema.get("properties", {}).items()
        }
        if fields and all(fields.get(name) for name in schema.get("required", fields)):
            found.append({name: examples[0] for name, examples in fields.items() if examples})
        return found

    return read


def _shape(path: str) -> list[str]:
    return ["{}" if part.startswith("{") else part for part in path.rstrip("/").split("/")]


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference, or its only alternative, followed; what stands beside a reference stays."""
    for alternatives in ("allOf", "anyOf"):
        if len(schema.get(alternatives, [])) == 1:
            schema = {**schema[alternatives][0], **{key: schema[key] for key in schema if key != alternatives}}
    if "$ref" in schema:
        target: dict[str, Any] = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return {**_resolved(target, document), **{key: schema[key] for key in schema if key != "$ref"}}
    return schema


def _examples(entry: dict[str, Any]) -> list[Any]:
    """What an entry of the documentation gives as examples: one, a list, or a dict of named ones."""
    single = [entry["example"]] if "example" in entry else []
    return [*single, *_listed(entry.get("examples", []))]


def _listed(examples: Any) -> Iterator[Any]:
    if isinstance(examples, dict):
        named = cast("dict[str, Any]", examples)
        yield from (example["value"] for example in named.values() if "value" in example)
    else:
        yield from examples
