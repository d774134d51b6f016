"""Everything under /recipes."""

# region 2.5
# starter: from dataclasses import asdict
# endregion
# region 2.1
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request, status
from pydantic import StringConstraints

# starter: from typing import Any
# starter:
# starter: from fastapi import APIRouter, HTTPException, Request, status
# starter:
# endregion
from app.schemas.recipe import RecipeCreate, RecipeOut, RecipeUpdate
from app.store import StoredRecipe, store_of

router = APIRouter(prefix="/recipes", tags=["recipes"])

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such recipe."}}

# region 2.1 Say which numbers, words and lists the addresses take
RecipeId = Annotated[int, Path(ge=1, title="Recipe number", description="The number that the service gave the recipe.")]
Skip = Annotated[int, Query(ge=0, description="How many recipes to leave out at the front.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many recipes to answer at most.")]
Sources = Annotated[list[str] | None, Query(description="Only recipes from these sources; may be repeated.")]
Keyword = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=50)]
MaxResults = Annotated[int, Query(ge=1, le=100, description="How many recipes to answer at most.")]
RecipeField = Literal["label", "source", "url"]
# starter: RecipeId = int
# starter: Skip = int
# starter: Limit = int
# starter: Sources = str | None
# starter: Keyword = str
# starter: MaxResults = int
# starter: RecipeField = str
# endregion


def find_recipe(request: Request, recipe_id: int) -> StoredRecipe:
    """Find the recipe with that number.

    Raises:
        HTTPException: 404 when there is no such recipe.
    """
    recipe = store_of(request).recipes.get(recipe_id)
    if recipe is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no recipe {recipe_id}.")
    return recipe


@router.get("")
def list_recipes(request: Request, skip: Skip = 0, limit: Limit = 100, source: Sources = None) -> list[RecipeOut]:
    """List the recipes in the order of their numbers, page by page."""
    recipes = list(store_of(request).recipes.values())
    if source is not None:
        recipes = [recipe for recipe in recipes if recipe.source in source]
    return [RecipeOut.model_validate(recipe) for recipe in recipes[skip : skip + limit]]


# A fixed address stands above an address with a parameter: the first route that fits is the one that answers.
@router.get("/search")
def search_recipes(
    request: Request, keyword: Keyword | None = None, max_results: MaxResults = 10
) -> dict[str, list[RecipeOut]]:
    """Find the recipes whose label holds the keyword, in any letter case. Without a keyword every recipe fits."""
    wanted = (keyword or "").lower()
    found = [recipe for recipe in list(store_of(request).recipes.values()) if wanted in recipe.label.lower()]
    return {"results": [RecipeOut.model_validate(recipe) for recipe in found[:max_results]]}


@router.get("/{recipe_id}", responses=NOT_FOUND)
def read_recipe(request: Request, recipe_id: RecipeId) -> RecipeOut:
    """Find one recipe by its number."""
    return RecipeOut.model_validate(find_recipe(request, recipe_id))


@router.get("/{recipe_id}/{field}", responses=NOT_FOUND)
def read_recipe_field(request: Request, recipe_id: RecipeId, field: RecipeField) -> dict[str, str]:
    """Read one field of a recipe."""
    return {field: getattr(find_recipe(request, recipe_id), field)}


# region 2.5 Take and answer models, with the status codes of the contract
@router.post("", status_code=status.HTTP_201_CREATED, response_description="The recipe, with its new number.")
def create_recipe(request: Request, new: RecipeCreate) -> RecipeOut:
    """Add a recipe. The service gives it the next free number."""
    return RecipeOut.model_validate(store_of(request).add_recipe(**new.model_dump()))


@router.patch("/{recipe_id}", responses=NOT_FOUND, response_description="The recipe as it is now.")
def update_recipe(request: Request, recipe_id: RecipeId, changes: RecipeUpdate) -> RecipeOut:
    """Change a part of a recipe; what is not sent stays as it is."""
    recipe = find_recipe(request, recipe_id)
    for field, value in changes.model_dump(exclude_unset=True).items():
        setattr(recipe, field, value)
    return RecipeOut.model_validate(recipe)


@router.delete("/{recipe_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NOT_FOUND)
def delete_recipe(request: Request, recipe_id: RecipeId) -> None:
    """Remove a recipe. There is nothing left to answer, so the answer has no body."""
    recipe = find_recipe(request, recipe_id)
    store_of(request).recipes.pop(recipe.id, None)


# starter: # Written before there were schemas. It works, as long as everybody is nice to it.
# starter: @router.post("")
# starter: def create_recipe(request: Request, new: dict[str, Any]) -> dict[str, Any]:
# starter:     """Add a recipe."""
# starter:     if len(new["label"]) < 3:
# starter:         raise HTTPException(400, "label too short")
# starter:     if not new["url"].startswith("http"):
# starter:         raise HTTPException(400, "bad url")
# starter:     recipe = store_of(request).add_recipe(label=new["label"], source=new["source"], url=new["url"])
# starter:     return {"message": "created", **asdict(recipe)}
# starter:
# starter:
# starter: @router.patch("/{recipe_id}")
# starter: def update_recipe(request: Request, recipe_id: RecipeId, changes: dict[str, Any]) -> dict[str, Any]:
# starter:     """Change a part of a recipe."""
# starter:     recipe = find_recipe(request, recipe_id)
# starter:     for field, value in changes.items():
# starter:         setattr(recipe, field, value)
# starter:     return asdict(recipe)
# starter:
# starter:
# starter: @router.delete("/{recipe_id}")
# starter: def delete_recipe(request: Request, recipe_id: RecipeId) -> Any:
# starter:     """Remove a recipe."""
# starter:     if recipe_id not in store_of(request).recipes:
# starter:         return HTTPException(404, "no such recipe")
# starter:     del store_of(request).recipes[recipe_id]
# starter:     return {"message": "deleted"}
# endregion
