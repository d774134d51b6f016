"""What the checks of lesson 8 have in common."""

from shared.accounts import add_user, as_user, claims_of, log_in, sign_up, token_of
from shared.doors import doors, make_body
from shared.makers import make_password, make_recipe, make_user
from shared.reddit import make_posts, reddit, while_held
from shared.rows import add_recipe, add_recipes

__all__ = [
    "add_recipe",
    "add_recipes",
    "add_user",
    "as_user",
    "claims_of",
    "doors",
    "log_in",
    "make_body",
    "make_password",
    "make_posts",
    "make_recipe",
    "make_user",
    "reddit",
    "sign_up",
    "token_of",
    "while_held",
]
