"""Recipes, as version 2 shows them. What is done is what version 1 does; only the words differ."""

from pathlib import Path

from fastapi import APIRouter, Request, status
from fastapi.responses import FileResponse

from app.api.api_v1.endpoints.recipe import CONFLICT, After, Keyword, MaxResults, PageLimit
from app.api.deps import (
    NOT_FOUND,
    UNAUTHENTICATED,
    CurrentUser,
    JournalDep,
    OwnRecipe,
    SessionDep,
    ValidRecipe,
    Workspace,
)

# Exercise 8.5: Needed until this exercise is solved
from app.api.api_v1.endpoints.recipe import find_recipe, find_recipe_to_change
from app.api.deps import RecipeId
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


@router.get("/export/", response_class=FileResponse, response_description="All recipes, one JSON object a line.")
def export_recipes(session: SessionDep, workspace: Workspace) -> FileResponse:
    """Get all recipes as a file."""
    file = Path(workspace) / "recipes.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for recipe in recipes.get_all(session):
            lines.write(RecipeOutV2.model_validate(recipe).model_dump_json() + "\n")
    return FileResponse(file, media_type="application/jsonl", filename="recipes.jsonl")


@router.post(
    "/",
    status_code=status.HTTP_201_CREATED,
    responses=UNAUTHENTICATED | CONFLICT,
    response_description="The recipe, with its new number.",
)
def create_recipe(
    request: Request, session: SessionDep, user: CurrentUser, journal: JournalDep, new: RecipeCreateV2
) -> RecipeOutV2:
    """Add a recipe. The database gives it the next free number."""
    submission = sign_recipe(user, new.to_v1())
    recipe = submit_recipe(StoredRecipes(session), submission, request.app.state.settings.recipes_per_user)
    journal.note("add", recipe.id)
    session.commit()
    return RecipeOutV2.model_validate(recipe)


# Exercise 8.5: Here as well
@router.get("/{recipe_id}", responses=NOT_FOUND)
def read_recipe(session: SessionDep, recipe_id: RecipeId) -> RecipeOutV2:
    """Find one recipe by its number."""
    return RecipeOutV2.model_validate(find_recipe(session, recipe_id))


@router.delete("/{recipe_id}", status_code=status.HTTP_204_NO_CONTENT, responses=UNAUTHENTICATED | NOT_FOUND)
def delete_recipe(session: SessionDep, user: CurrentUser, journal: JournalDep, recipe_id: RecipeId) -> None:
    """Remove a recipe. There is nothing left to answer, so the answer has no body."""
    journal.note("remove", recipe_id)
    recipes.remove(session, find_recipe_to_change(session, user, recipe_id))
    session.commit()


@router.patch(
    "/{recipe_id}",
    responses=UNAUTHENTICATED | NOT_FOUND | CONFLICT,
    response_description="The recipe as it is now.",
)
def update_recipe(
    session: SessionDep, user: CurrentUser, journal: JournalDep, recipe_id: RecipeId, changes: RecipeUpdateV2
) -> RecipeOutV2:
    """Change a part of a recipe; what is not sent stays as it is."""
    recipe = recipes.update(session, find_recipe_to_change(session, user, recipe_id), changes.to_v1())
    journal.note("change", recipe.id)
    session.commit()
    return RecipeOutV2.model_validate(recipe)
