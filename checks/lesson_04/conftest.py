"""What the checks of lesson 4 have in common."""

from shared.makers import make_password, make_recipe, make_user
from shared.races import overtake
from shared.rows import add_recipe, add_recipes, add_user, labels, refuses

__all__ = [
    "add_recipe",
    "add_recipes",
    "add_user",
    "labels",
    "make_password",
    "make_recipe",
    "make_user",
    "overtake",
    "refuses",
]
