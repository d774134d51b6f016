"""Version 2, put together. Where it begins is up to whoever includes it."""

from fastapi import APIRouter

from app.api.api_v2.endpoints import journal, recipe

api_router = APIRouter()
api_router.include_router(recipe.router, prefix="/recipes", tags=["recipes"])
api_router.include_router(journal.router, prefix="/journal", tags=["journal"])
