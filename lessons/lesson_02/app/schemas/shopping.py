"""What a client sends and gets about a shopping list."""

from typing import Any

from pydantic import BaseModel

from app.schemas.rules import Input


# Exercise 2.6: Nest the models: a menu of dishes of ingredients of ingredients
class Menu(Input):
    """What is going to be cooked."""

    dishes: list[dict[str, Any]]


class Pantry(Input):
    """What is already there: grams by name."""

    stock: dict[str, Any]


class ShoppingItem(BaseModel):
    """One line of a shopping list."""

    name: str
    grams: int


class ShoppingList(BaseModel):
    """What is missing, in the order of the names."""

    items: list[ShoppingItem]
