"""Version 2, put together. Where it begins is up to whoever includes it."""

from fastapi import APIRouter

# region 5.2
from app.api.api_v2.endpoints import recipe

# endregion
api_router = APIRouter()
# region 5.2 Put the recipes of version 2 under /recipes
api_router.include_router(recipe.router, prefix="/recipes", tags=["recipes"])
# endregion
