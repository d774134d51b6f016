"""What a client sends and gets about a shopping list."""

# region 2.6
from typing import Annotated

from pydantic import BaseModel, Field

from app.schemas.rules import Input, Name

# starter: from typing import Any
# starter:
# starter: from pydantic import BaseModel
# starter:
# starter: from app.schemas.rules import Input
# starter:
# starter:
# endregion
# region 2.6 Nest the models: a menu of dishes of ingredients of ingredients
Grams = Annotated[int, Field(ge=1, le=100_000)]


class Ingredient(Input):
    """Something to buy or, where ``made_from`` says so, something to make."""

    name: Name
    grams: Grams
    made_from: "list[Ingredient]" = Field(default=[])


class Dish(Input):
    """One dish of a menu."""

    label: Name
    ingredients: list[Ingredient] = Field(min_length=1)


class Menu(Input):
    """What is going to be cooked."""

    dishes: list[Dish] = Field(min_length=1, max_length=20)


class Pantry(Input):
    """What is already there: grams by name."""

    stock: dict[Name, Annotated[int, Field(ge=0)]]


# starter: class Menu(Input):
# starter:     """What is going to be cooked."""
# starter:
# starter:     dishes: list[dict[str, Any]]
# starter:
# starter:
# starter: class Pantry(Input):
# starter:     """What is already there: grams by name."""
# starter:
# starter:     stock: dict[str, Any]
# starter:
# starter:
# endregion
class ShoppingItem(BaseModel):
    """One line of a shopping list."""

    name: str
    grams: int


class ShoppingList(BaseModel):
    """What is missing, in the order of the names."""

    items: list[ShoppingItem]
