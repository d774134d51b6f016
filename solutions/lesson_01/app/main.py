# region 1.2
# starter: """The recipe service: all of it in one file, in the order in which it was thought of."""
# starter:
# starter: from typing import Any
# starter:
# starter: from fastapi import FastAPI
# starter:
"""The recipe service, put together from its parts. The one module that knows them all."""

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.api import health, pages, recipes
from app.core.config import Settings


# endregion
# region 1.1 Name the service and open its front door
# starter: # Its title is "Recipe API", its version "1.0.0". GET / and GET /health go right below it.
# starter: app = FastAPI()
# starter:
# endregion
# region 1.2 Move the recipe routes into a router
# starter: # Recipe goes to app/data.py, the three routes go to app/api/recipes.py.
# starter: Recipe = dict[str, Any]
# starter:
# starter: # Leave this import down here. When it stood at the top, nothing started; nobody remembers why.
# starter: from app.data import RECIPES
# starter:
# starter:
# starter: @app.get("/recipes/")
# starter: def list_recipes() -> list[Recipe]:
# starter:     """List every recipe."""
# starter:     return RECIPES
# starter:
# starter:
# endregion
# region 1.3 Make every recipe address answer
# starter: # GET /recipes sends the caller elsewhere, an unknown id is answered with nothing, a search with 422.
# starter: @app.get("/recipes/{recipe_id}")
# starter: def read_recipe(recipe_id: int) -> Recipe | None:
# starter:     """Find one recipe by its id."""
# starter:     for recipe in RECIPES:
# starter:         if recipe["id"] == recipe_id:
# starter:             return recipe
# starter:     return None
# starter:
# starter:
# starter: @app.get("/recipes/search")
# starter: def search_recipes(keyword: str = "", max_results: int = 10) -> dict[str, list[Recipe]]:
# starter:     """Find the recipes whose label holds the keyword."""
# starter:     found = [recipe for recipe in RECIPES if keyword.lower() in recipe["label"].lower()]
# starter:     return {"results": found[:max_results]}
# starter:
# starter:
# endregion
# region 1.5 Build the service in a function
# starter: # def create_app(settings: Settings | None = None) -> FastAPI: ...
def create_app(settings: Settings | None = None) -> FastAPI:
    """Put one service together, independent of every other.

    Parameters:
        settings: what this service runs with; read from the environment when left out.

    Returns:
        The service, ready to be served.

    Raises:
        pydantic.ValidationError: a setting is missing from the environment.
        pydantic_settings.SettingsError: a setting in the environment cannot be read.
    """
    if settings is None:
        settings = Settings()  # pyright: ignore[reportCallIssue]  # the environment gives what is missing here
    app = FastAPI(
        title=settings.project_name,
        version=settings.version,
        debug=settings.debug,
        contact={"email": settings.contact_email},
    )
    app.state.ready = True
    # endregion
    # region 1.4
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"])
    # endregion
    # region 1.2
    app.include_router(pages.router)
    app.include_router(health.router)
    app.include_router(recipes.router)
    # endregion
    # region 1.5
    return app


app = create_app()
# endregion
