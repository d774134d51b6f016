"""What the service remembers, until it stops: recipes and users, in memory.

Given. Lesson 3 replaces it with a database, whose rows are objects with attributes as well.
"""

import itertools
from dataclasses import dataclass

from fastapi import FastAPI, Request

from app.data import RECIPES


@dataclass
class StoredRecipe:
    """One recipe on the shelf. A dataclass stores what it is given: it checks nothing."""

    id: int
    label: str
    source: str
    url: str


@dataclass
class StoredUser:
    """One user on the shelf, with the hash that nobody outside may see."""

    id: int
    first_name: str
    surname: str
    email: str
    hashed_password: str
    is_superuser: bool = False


class Store:
    """The shelves of one application: each application has its own."""

    def __init__(self) -> None:
        """Start with the recipes of app.data, and no users."""
        self.recipes = {recipe.id: recipe for recipe in (StoredRecipe(**data) for data in RECIPES)}
        self.users: dict[int, StoredUser] = {}
        self._recipe_ids = itertools.count(max(self.recipes, default=0) + 1)
        self._user_ids = itertools.count(1)

    def add_recipe(self, *, label: str, source: str, url: str) -> StoredRecipe:
        """Store a new recipe under the next free id, and return it."""
        recipe = StoredRecipe(next(self._recipe_ids), label, source, url)
        self.recipes[recipe.id] = recipe
        return recipe

    def add_user(
        self, *, first_name: str, surname: str, email: str, hashed_password: str, is_superuser: bool = False
    ) -> StoredUser:
        """Store a new user under the next free id, and return it."""
        user = StoredUser(next(self._user_ids), first_name, surname, email, hashed_password, is_superuser)
        self.users[user.id] = user
        return user


def put_store(app: FastAPI) -> None:
    """Give an application a store of its own."""
    app.state.store = Store()


def store_of(request: Request) -> Store:
    """Find the store of the application that got the request.

    Each route calls this itself. FastAPI could hand the store over: lesson 3 shows how, and does it with the database.
    """
    store: Store = request.app.state.store
    return store
