"""Everything under /recipes."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, status
from pydantic import StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

# region 3.4
# starter: from sqlalchemy import text
# starter:
# endregion
from app.api.errors import commit_or_refuse
from app.db.session import SessionDep
from app.db.types import LARGEST_ID
from app.models import Recipe
from app.schemas.recipe import RecipeCreate, RecipeOut, RecipeUpdate

router = APIRouter(prefix="/recipes", tags=["recipes"])

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such recipe."}}
NO_SUBMITTER = "There is no user with the submitter_id that was sent."
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": NO_SUBMITTER}}

RecipeId = Annotated[
    int, Path(ge=1, le=LARGEST_ID, title="Recipe number", description="The number that the service gave the recipe.")
]
Skip = Annotated[int, Query(ge=0, le=LARGEST_ID, description="How many recipes to leave out at the front.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many recipes to answer at most.")]
Sources = Annotated[list[str] | None, Query(description="Only recipes from these sources; may be repeated.")]
Keyword = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=50)]
MaxResults = Annotated[int, Query(ge=1, le=100, description="How many recipes to answer at most.")]
RecipeField = Literal["label", "source", "url"]


def find_recipe(session: Session, recipe_id: int) -> Recipe:
    """Find the recipe with that number.

    Raises:
        HTTPException: 404 when there is no such recipe.
    """
    # region 3.2 Get one row by its id, or answer 404
    recipe = session.get(Recipe, recipe_id)
    if recipe is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no recipe {recipe_id}.")
    return recipe
    # starter: raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no recipe {recipe_id}.")
    # endregion


@router.get("")
def list_recipes(session: SessionDep, skip: Skip = 0, limit: Limit = 100, source: Sources = None) -> list[RecipeOut]:
    """List the recipes in the order of their numbers, page by page."""
    # region 3.2 Select a page of rows, in the order of their ids
    query = select(Recipe).order_by(Recipe.id).offset(skip).limit(limit)
    if source is not None:
        query = query.where(Recipe.source.in_(source))
    return [RecipeOut.model_validate(recipe) for recipe in session.scalars(query)]
    # starter: return []
    # endregion


# A fixed address stands above an address with a parameter: the first route that fits is the one that answers.
@router.get("/search")
def search_recipes(
    session: SessionDep, keyword: Keyword | None = None, max_results: MaxResults = 10
) -> dict[str, list[RecipeOut]]:
    """Find the recipes whose label holds the keyword, in any letter case. Without a keyword every recipe fits."""
    # region 3.4 Let the keyword be data, whatever is in it
    query = select(Recipe).order_by(Recipe.id).limit(max_results)
    if keyword is not None:
        query = query.where(Recipe.label.icontains(keyword, autoescape=True))
    return {"results": [RecipeOut.model_validate(recipe) for recipe in session.scalars(query)]}
    # starter: wanted = (keyword or "").lower()
    # starter: rows = session.execute(text(f"SELECT * FROM recipes WHERE lower(label) LIKE '%{wanted}%'"))
    # starter: return {"results": [RecipeOut.model_validate(row) for row in rows.fetchmany(max_results)]}
    # endregion


@router.get("/{recipe_id}", responses=NOT_FOUND)
def read_recipe(session: SessionDep, recipe_id: RecipeId) -> RecipeOut:
    """Find one recipe by its number."""
    return RecipeOut.model_validate(find_recipe(session, recipe_id))


@router.get("/{recipe_id}/{field}", responses=NOT_FOUND)
def read_recipe_field(session: SessionDep, recipe_id: RecipeId, field: RecipeField) -> dict[str, str]:
    """Read one field of a recipe."""
    return {field: getattr(find_recipe(session, recipe_id), field)}


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=CONFLICT,
    response_description="The recipe, with its new number.",
)
def create_recipe(session: SessionDep, new: RecipeCreate) -> RecipeOut:
    """Add a recipe. The database gives it the next free number."""
    recipe = Recipe(**new.model_dump())
    session.add(recipe)
    commit_or_refuse(session, NO_SUBMITTER)
    return RecipeOut.model_validate(recipe)


@router.post(
    "/import",
    status_code=status.HTTP_201_CREATED,
    responses=CONFLICT,
    response_description="The recipes, in the order sent.",
)
def import_recipes(session: SessionDep, new: list[RecipeCreate]) -> list[RecipeOut]:
    """Add many recipes, or none: where one of them cannot be stored, no other is."""
    # region 3.3 Store all of them in one transaction
    recipes = [Recipe(**one.model_dump()) for one in new]
    session.add_all(recipes)
    commit_or_refuse(session, NO_SUBMITTER)
    return [RecipeOut.model_validate(recipe) for recipe in recipes]
    # starter: return [create_recipe(session, one) for one in new]
    # endregion


@router.patch("/{recipe_id}", responses=NOT_FOUND, response_description="The recipe as it is now.")
def update_recipe(session: SessionDep, recipe_id: RecipeId, changes: RecipeUpdate) -> RecipeOut:
    """Change a part of a recipe; what is not sent stays as it is."""
    recipe = find_recipe(session, recipe_id)
    for field, value in changes.model_dump(exclude_unset=True).items():
        setattr(recipe, field, value)
    session.commit()
    return RecipeOut.model_validate(recipe)


@router.delete("/{recipe_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NOT_FOUND)
def delete_recipe(session: SessionDep, recipe_id: RecipeId) -> None:
    """Remove a recipe. There is nothing left to answer, so the answer has no body."""
    session.delete(find_recipe(session, recipe_id))
    session.commit()
