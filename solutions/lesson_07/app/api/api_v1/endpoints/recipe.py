"""Recipes, as version 1 shows them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request, status
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from app.api.deps import UNAUTHENTICATED, CurrentUser, RedditDep, SessionDep
from app.clients.market import MarketError, ask_price
from app.crud import recipes
from app.crud.crud_recipe import StoredRecipes
from app.db.types import LARGEST_ID
from app.models import Recipe, User
from app.schemas.recipe import (
    RecipeCreate,
    RecipeOut,
    RecipePage,
    RecipeReplace,
    RecipeUpdate,
)
from app.services.ideas import find_ideas
from app.services.permissions import require_change, sign_recipe
from app.services.recipes import submit_recipe

router = APIRouter()

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such recipe."}}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "There is no user with the submitter_id that was sent, or this user has sent that url already, "
        "or has as many recipes as they may have."
    }
}

RecipeId = Annotated[
    int, Path(ge=1, le=LARGEST_ID, title="Recipe number", description="The number that the service gave the recipe.")
]
Skip = Annotated[int, Query(ge=0, le=LARGEST_ID, description="How many recipes to leave out at the front.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many recipes to answer at most.")]
After = Annotated[int, Query(ge=0, le=LARGEST_ID, description="The number behind which the page begins.")]
PageLimit = Annotated[int, Query(ge=1, le=100, description="How many recipes to answer at most.")]
Sources = Annotated[list[str] | None, Query(description="Only recipes from these sources; may be repeated.")]
Keyword = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=50)]
MaxResults = Annotated[int, Query(ge=1, le=100, description="How many recipes to answer at most.")]
Dish = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=100)]
RecipeField = Literal["label", "source", "url"]


def find_recipe(session: Session, recipe_id: int) -> Recipe:
    """Find the recipe with that number.

    Raises:
        HTTPException: 404 when there is no such recipe.
    """
    recipe = recipes.get(session, recipe_id)
    if recipe is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no recipe {recipe_id}.")
    return recipe


def find_recipe_to_change(session: Session, user: User, recipe_id: int) -> Recipe:
    """Find the recipe with that number for somebody who wants to change or remove it.

    Raises:
        HTTPException: 404 when there is no such recipe.
        NotAllowed: it is not for them to change.
    """
    recipe = find_recipe(session, recipe_id)
    require_change(user, recipe)
    return recipe


@router.get("/")
def list_recipes(session: SessionDep, skip: Skip = 0, limit: Limit = 100, source: Sources = None) -> list[RecipeOut]:
    """List the recipes in the order of their numbers, page by page."""
    if source is None:
        found = recipes.get_multi(session, skip=skip, limit=limit)
    else:
        found = recipes.get_of_sources(session, source, skip=skip, limit=limit)
    return [RecipeOut.model_validate(recipe) for recipe in found]


# A fixed address stands above an address with a parameter: the first route that fits is the one that answers.
@router.get("/search/")
def search_recipes(
    session: SessionDep, keyword: Keyword | None = None, max_results: MaxResults = 10
) -> dict[str, list[RecipeOut]]:
    """Find the recipes whose label holds the keyword, in any letter case. Without a keyword every recipe fits."""
    return {"results": [RecipeOut.model_validate(one) for one in recipes.search(session, keyword, max_results)]}


@router.get("/page/", response_description="The recipes, and where the next page begins.")
def read_page(session: SessionDep, after: After = 0, limit: PageLimit = 20) -> RecipePage:
    """Read all recipes, page by page: send the ``next`` of one page as the ``after`` of the following one."""
    page = recipes.get_page(session, after=after, limit=limit)
    return RecipePage(
        results=[RecipeOut.model_validate(recipe) for recipe in page.rows],
        next=page.next,
        total=recipes.count(session),
    )


@router.get("/ideas/", response_description="For each subreddit what is liked there, or null if it did not answer.")
async def fetch_ideas(reddit: RedditDep) -> dict[str, list[str] | None]:
    """Find ideas for tonight in three subreddits."""
    return await find_ideas(reddit)


@router.get("/price/", responses={502: {"description": "The market gave no price."}})
def read_price(request: Request, label: Dish) -> dict[str, str | float]:
    """Ask the market what the ingredients of a dish cost today."""
    try:
        price = ask_price(request.app.state.settings.market_url, label)
    except MarketError as error:
        raise HTTPException(status.HTTP_502_BAD_GATEWAY, str(error)) from None
    return {"label": label, "price": price}


@router.get("/{recipe_id}", responses=NOT_FOUND)
def read_recipe(session: SessionDep, recipe_id: RecipeId) -> RecipeOut:
    """Find one recipe by its number."""
    return RecipeOut.model_validate(find_recipe(session, recipe_id))


@router.get("/{recipe_id}/{field}", responses=NOT_FOUND)
def read_recipe_field(session: SessionDep, recipe_id: RecipeId, field: RecipeField) -> dict[str, str]:
    """Read one field of a recipe."""
    return {field: getattr(find_recipe(session, recipe_id), field)}


# region 7.5 Every door that changes something
@router.post(
    "/",
    status_code=status.HTTP_201_CREATED,
    responses=UNAUTHENTICATED | CONFLICT,
    response_description="The recipe, with its new number.",
)
def create_recipe(request: Request, session: SessionDep, user: CurrentUser, new: RecipeCreate) -> RecipeOut:
    """Add a recipe. The database gives it the next free number."""
    recipe = submit_recipe(StoredRecipes(session), sign_recipe(user, new), request.app.state.settings.recipes_per_user)
    session.commit()
    return RecipeOut.model_validate(recipe)


@router.post(
    "/import/",
    status_code=status.HTTP_201_CREATED,
    responses=UNAUTHENTICATED | CONFLICT,
    response_description="The recipes, in the order sent.",
)
def import_recipes(
    request: Request, session: SessionDep, user: CurrentUser, new: list[RecipeCreate]
) -> list[RecipeOut]:
    """Add many recipes, or none: where one of them cannot be stored, no other is."""
    store, most = StoredRecipes(session), request.app.state.settings.recipes_per_user
    added = [submit_recipe(store, sign_recipe(user, one), most) for one in new]
    session.commit()
    return [RecipeOut.model_validate(recipe) for recipe in added]


@router.put(
    "/{recipe_id}",
    responses=UNAUTHENTICATED | NOT_FOUND | CONFLICT,
    response_description="The recipe as it is now.",
)
def replace_recipe(
    session: SessionDep, user: CurrentUser, recipe_id: RecipeId, replacement: RecipeReplace
) -> RecipeOut:
    """Replace a recipe: what is not sent has its default afterwards. Number and submitter stay."""
    recipe = find_recipe_to_change(session, user, recipe_id)
    recipe = recipes.update(session, recipe, RecipeUpdate(**replacement.model_dump()))
    session.commit()
    return RecipeOut.model_validate(recipe)


@router.patch(
    "/{recipe_id}",
    responses=UNAUTHENTICATED | NOT_FOUND | CONFLICT,
    response_description="The recipe as it is now.",
)
def update_recipe(session: SessionDep, user: CurrentUser, recipe_id: RecipeId, changes: RecipeUpdate) -> RecipeOut:
    """Change a part of a recipe; what is not sent stays as it is."""
    recipe = recipes.update(session, find_recipe_to_change(session, user, recipe_id), changes)
    session.commit()
    return RecipeOut.model_validate(recipe)


@router.delete("/{recipe_id}", status_code=status.HTTP_204_NO_CONTENT, responses=UNAUTHENTICATED | NOT_FOUND)
def delete_recipe(session: SessionDep, user: CurrentUser, recipe_id: RecipeId) -> None:
    """Remove a recipe. There is nothing left to answer, so the answer has no body."""
    recipes.remove(session, find_recipe_to_change(session, user, recipe_id))
    session.commit()


# starter: @router.post(
# starter:     "/",
# starter:     status_code=status.HTTP_201_CREATED,
# starter:     responses=CONFLICT,
# starter:     response_description="The recipe, with its new number.",
# starter: )
# starter: def create_recipe(request: Request, session: SessionDep, new: RecipeCreate) -> RecipeOut:
# starter:     """Add a recipe. The database gives it the next free number."""
# starter:     submission = new.signed_by(new.submitter_id)
# starter:     recipe = submit_recipe(StoredRecipes(session), submission, request.app.state.settings.recipes_per_user)
# starter:     session.commit()
# starter:     return RecipeOut.model_validate(recipe)
# starter:
# starter:
# starter: @router.post(
# starter:     "/import/",
# starter:     status_code=status.HTTP_201_CREATED,
# starter:     responses=CONFLICT,
# starter:     response_description="The recipes, in the order sent.",
# starter: )
# starter: def import_recipes(request: Request, session: SessionDep, new: list[RecipeCreate]) -> list[RecipeOut]:
# starter:     """Add many recipes, or none: where one of them cannot be stored, no other is."""
# starter:     store, most = StoredRecipes(session), request.app.state.settings.recipes_per_user
# starter:     added = [submit_recipe(store, one.signed_by(one.submitter_id), most) for one in new]
# starter:     session.commit()
# starter:     return [RecipeOut.model_validate(recipe) for recipe in added]
# starter:
# starter:
# starter: @router.put(
# starter:     "/{recipe_id}", responses=NOT_FOUND | CONFLICT, response_description="The recipe as it is now."
# starter: )
# starter: def replace_recipe(session: SessionDep, recipe_id: RecipeId, replacement: RecipeReplace) -> RecipeOut:
# starter:     """Replace a recipe: what is not sent has its default afterwards. Number and submitter stay."""
# starter:     recipe = find_recipe(session, recipe_id)
# starter:     recipe = recipes.update(session, recipe, RecipeUpdate(**replacement.model_dump()))
# starter:     session.commit()
# starter:     return RecipeOut.model_validate(recipe)
# starter:
# starter:
# starter: @router.patch(
# starter:     "/{recipe_id}", responses=NOT_FOUND | CONFLICT, response_description="The recipe as it is now."
# starter: )
# starter: def update_recipe(session: SessionDep, recipe_id: RecipeId, changes: RecipeUpdate) -> RecipeOut:
# starter:     """Change a part of a recipe; what is not sent stays as it is."""
# starter:     recipe = recipes.update(session, find_recipe(session, recipe_id), changes)
# starter:     session.commit()
# starter:     return RecipeOut.model_validate(recipe)
# starter:
# starter:
# starter: @router.delete("/{recipe_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NOT_FOUND)
# starter: def delete_recipe(session: SessionDep, recipe_id: RecipeId) -> None:
# starter:     """Remove a recipe. There is nothing left to answer, so the answer has no body."""
# starter:     recipes.remove(session, find_recipe(session, recipe_id))
# starter:     session.commit()
# endregion
