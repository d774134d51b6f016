"""Version 1, put together. Where it begins is up to whoever includes it."""

from fastapi import APIRouter

from app.api.api_v1.endpoints import recipe, user

api_router = APIRouter()
api_router.include_router(recipe.router, prefix="/recipes", tags=["recipes"])
api_router.include_router(user.router, prefix="/users", tags=["users"])
