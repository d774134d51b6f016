"""Everything under /recipes."""

# region 1.2 Give these routes a router of their own
# starter: # router = APIRouter(...)
from fastapi import APIRouter, HTTPException, status

from app.data import RECIPES, Recipe

router = APIRouter(prefix="/recipes", tags=["recipes"])


@router.get("")
def list_recipes() -> list[Recipe]:
    """List every recipe."""
    return RECIPES


# endregion
# region 1.3
# A fixed address stands above an address with a parameter: the first route that fits is the one that answers.
@router.get("/search")
def search_recipes(keyword: str = "", max_results: int = 10) -> dict[str, list[Recipe]]:
    """Find the recipes whose label holds the keyword, in any letter case."""
    found = [recipe for recipe in RECIPES if keyword.lower() in recipe["label"].lower()]
    return {"results": found[:max_results]}


@router.get("/{recipe_id}", responses={404: {"description": "There is no such recipe."}})
def read_recipe(recipe_id: int) -> Recipe:
    """Find one recipe by its id.

    Raises:
        HTTPException: 404 when there is no such recipe.
    """
    for recipe in RECIPES:
        if recipe["id"] == recipe_id:
            return recipe
    raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no recipe {recipe_id}.")


# endregion
