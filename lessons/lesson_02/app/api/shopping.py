"""The shopping list for a menu."""

from collections import Counter

from fastapi import APIRouter

from app.schemas.shopping import Menu, Pantry, ShoppingItem, ShoppingList

router = APIRouter(tags=["shopping"])


# Exercise 2.6: Walk down to what is really bought, and take off what the pantry holds
@router.post("/shopping-list")
def write_shopping_list(menu: Menu, pantry: Pantry) -> ShoppingList:
    """Add up what all dishes need, in grams, less what the pantry holds."""
    needed = Counter[str]()
    for dish in menu.dishes:
        for ingredient in dish["ingredients"]:
            needed[ingredient["name"]] += ingredient["grams"]
    return ShoppingList(items=[ShoppingItem(name=name, grams=grams) for name, grams in needed.items()])
