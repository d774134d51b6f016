"""The shopping list for a menu."""

from collections import Counter
from collections.abc import Iterable, Iterator

from fastapi import APIRouter

from app.schemas.shopping import Ingredient, Menu, Pantry, ShoppingItem, ShoppingList

router = APIRouter(tags=["shopping"])


def to_buy(ingredients: Iterable[Ingredient]) -> Iterator[Ingredient]:
    """Find the ingredients at the bottom: one that is made gives way to what it is made from."""
    for ingredient in ingredients:
        if ingredient.made_from:
            yield from to_buy(ingredient.made_from)
        else:
            yield ingredient


@router.post("/shopping-list")
def write_shopping_list(menu: Menu, pantry: Pantry) -> ShoppingList:
    """Add up what all dishes need, in grams, less what the pantry holds."""
    needed = Counter[str]()
    for dish in menu.dishes:
        for ingredient in to_buy(dish.ingredients):
            needed[ingredient.name] += ingredient.grams
    missing = needed - Counter(pantry.stock)
    return ShoppingList(items=[ShoppingItem(name=name, grams=grams) for name, grams in sorted(missing.items())])
