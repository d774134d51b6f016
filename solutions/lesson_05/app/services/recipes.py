"""Who may submit a recipe."""

from typing import Protocol

from app.models import Recipe
from app.schemas.recipe import RecipeCreate


class TooManyRecipes(Exception):
    """A user has as many recipes as they may have. The text is for the client."""


class RecipeStore(Protocol):
    """What the rule needs of a place where recipes are kept. A list will do."""

    def count_of(self, submitter_id: int) -> int:
        """Count the recipes of one user."""
        ...

    def add(self, new: RecipeCreate) -> Recipe:
        """Keep a recipe, and give it its number."""
        ...


def submit_recipe(store: RecipeStore, new: RecipeCreate, most: int) -> Recipe:
    """Take a recipe, unless its user has as many as they may have.

    Args:
        store: where the recipes are kept.
        new: the recipe.
        most: how many recipes a user may have.

    Returns:
        What the store made of it.

    Raises:
        TooManyRecipes: the user has that many already; the store was not asked to keep another.
    """
    if store.count_of(new.submitter_id) >= most:
        raise TooManyRecipes(f"User {new.submitter_id} has {most} recipes, and nobody may have more.")
    return store.add(new)
