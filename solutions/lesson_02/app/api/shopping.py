"""The shopping list for a menu."""

# region 2.6
from collections import Counter
from collections.abc import Iterable, Iterator

from fastapi import APIRouter

from app.schemas.shopping import Ingredient, Menu, Pantry, ShoppingItem, ShoppingList

# starter: from collections import Counter
# starter:
# starter: from fastapi import APIRouter
# starter:
# starter: from app.schemas.shopping import Menu, Pantry, ShoppingItem, ShoppingList
# starter:
# endregion
router = APIRouter(tags=["shopping"])


# region 2.6 Walk down to what is really bought, and take off what the pantry holds
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


# starter: @router.post("/shopping-list")
# starter: def write_shopping_list(menu: Menu, pantry: Pantry) -> ShoppingList:
# starter:     """Add up what all dishes need, in grams, less what the pantry holds."""
# starter:     needed = Counter[str]()
# starter:     for dish in menu.dishes:
# starter:         for ingredient in dish["ingredients"]:
# starter:             needed[ingredient["name"]] += ingredient["grams"]
# starter:     return ShoppingList(items=[ShoppingItem(name=name, grams=grams) for name, grams in needed.items()])
# endregion
