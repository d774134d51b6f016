"""Makers of what a client sends: valid, and different at each call. A lesson's ``conftest.py`` imports its own."""

from __future__ import annotations

import itertools
import random
import string
from typing import Any

import pytest

_DISHES = ("Soup", "Pie", "Noodles", "Curry", "Bread", "Salad", "Stew", "Dumplings", "Pancakes", "Risotto")
_FIRST_NAMES = ("Ada", "Bela", "Chidi", "Dana", "Emeka", "Freya", "Goran", "Hana", "Ines", "Jun")
_SURNAMES = ("Almeida", "Bakker", "Cohen", "Diallo", "Ek", "Fuchs", "Gupta", "Haddad", "Ito", "Jansen")
_serial = itertools.count(1)


@pytest.fixture
def make_recipe(rng: random.Random) -> Any:
    """A maker of bodies for ``POST /recipes``, with a label and a source that nobody else has.

    The source holds a quote, which must not matter to anybody.
    """

    def make(**changes: Any) -> dict[str, Any]:
        number = f"{next(_serial)}{rng.randrange(1000, 9999)}"
        dish = rng.choice(_DISHES)
        return {
            "label": f"{dish} no {number}",
            "source": f"{rng.choice(_SURNAMES)}'s table {number}",
            "url": f"https://recipes.example/{dish.lower()}/{number}.html",
            **changes,
        }

    return make


@pytest.fixture
def make_password(rng: random.Random) -> Any:
    """A maker of valid passwords; parts of it can be swapped to make invalid ones."""

    def make(*, length: int = 14, digits: str = string.digits, capitals: str = string.ascii_uppercase) -> str:
        letters = rng.choices(string.ascii_lowercase, k=length - 2)
        return "".join([rng.choice(capitals), *letters, rng.choice(digits)])

    return make


@pytest.fixture
def make_user(rng: random.Random, make_password: Any) -> Any:
    """A maker of bodies for signing up, with an address that nobody else has."""

    def make(**changes: Any) -> dict[str, Any]:
        first_name = rng.choice(_FIRST_NAMES)
        return {
            "first_name": first_name,
            "surname": rng.choice(_SURNAMES),
            "email": f"{first_name.lower()}.{next(_serial)}.{rng.randrange(1000, 9999)}@example.com",
            "password": make_password(),
            **changes,
        }

    return make
