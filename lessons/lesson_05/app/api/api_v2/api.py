"""Version 2, put together. Where it begins is up to whoever includes it."""

from fastapi import APIRouter

api_router = APIRouter()
# Exercise 5.2: Put the recipes of version 2 under /recipes
