"""CRUD: create, read, update and delete rows. One module for each table, and ``base`` for what they share."""

from app.crud.crud_recipe import recipes
from app.crud.crud_user import users

__all__ = ["recipes", "users"]
