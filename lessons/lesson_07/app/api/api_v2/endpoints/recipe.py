"""Recipes, as version 2 shows them. What is done is what version 1 does; only the words differ."""

from fastapi import APIRouter, Request, status

from app.api.api_v1.endpoints.recipe import (
    CONFLICT,
    NOT_FOUND,
    After,
    Keyword,
    MaxResults,
    PageLimit,
    RecipeId,
    find_recipe,
    find_recipe_to_change,
)
from app.api.deps import UNAUTHENTICATED, CurrentUser, SessionDep
from app.crud import recipes
from app.crud.crud_recipe import StoredRecipes
from app.schemas.recipe_v2 import RecipeCreateV2, RecipeOutV2, RecipePageV2, RecipeUpdateV2
from app.services.permissions import sign_recipe
from app.services.recipes import submit_recipe

router = APIRouter()


@router.get("/", response_description="The recipes, and where the next page begins.")
def list_recipes(session: SessionDep, after: After = 0, limit: PageLimit = 20) -> RecipePageV2:
    """Read all recipes, page by page: send the ``next`` of one page as the ``after`` of the following one."""
    page = recipes.get_page(session, after=after, limit=limit)
    return RecipePageV2(
        results=[RecipeOutV2.model_validate(recipe) for recipe in page.rows],
        next=page.next,
        total=recipes.count(session),
    )


@router.get("/search/")
def search_recipes(
    session: SessionDep, keyword: Keyword | None = None, max_results: MaxResults = 10
) -> dict[str, list[RecipeOutV2]]:
    """Find the recipes whose title holds the keyword, in any letter case. Without a keyword every recipe fits."""
    return {"results": [RecipeOutV2.model_validate(one) for one in recipes.search(session, keyword, max_results)]}


@router.get("/{recipe_id}", responses=NOT_FOUND)
def read_recipe(session: SessionDep, recipe_id: RecipeId) -> RecipeOutV2:
    """Find one recipe by its number."""
    return RecipeOutV2.model_validate(find_recipe(session, recipe_id))


# Exercise 7.5: A second version is a second row of doors
@router.delete("/{recipe_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NOT_FOUND)
def delete_recipe(session: SessionDep, recipe_id: RecipeId) -> None:
    """Remove a recipe. There is nothing left to answer, so the answer has no body."""
    recipes.remove(session, find_recipe(session, recipe_id))
    session.commit()


@router.post(
    "/",
    status_code=status.HTTP_201_CREATED,
    responses=CONFLICT,
    response_description="The recipe, with its new number.",
)
def create_recipe(request: Request, session: SessionDep, new: RecipeCreateV2) -> RecipeOutV2:
    """Add a recipe. The database gives it the next free number."""
    submission = new.to_v1().signed_by(new.submitter_id)
    recipe = submit_recipe(StoredRecipes(session), submission, request.app.state.settings.recipes_per_user)
    session.commit()
    return RecipeOutV2.model_validate(recipe)


@router.patch(
    "/{recipe_id}", responses=NOT_FOUND | CONFLICT, response_description="The recipe as it is now."
)
def update_recipe(session: SessionDep, recipe_id: RecipeId, changes: RecipeUpdateV2) -> RecipeOutV2:
    """Change a part of a recipe; what is not sent stays as it is."""
    recipe = recipes.update(session, find_recipe(session, recipe_id), changes.to_v1())
    session.commit()
    return RecipeOutV2.model_validate(recipe)
