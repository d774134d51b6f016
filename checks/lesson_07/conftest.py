"""What the checks of lesson 7 have in common."""

from shared.accounts import (
    add_user,
    as_user,
    claims_of,
    full_cost,
    hash_cheaply,
    log_in,
    sign_up,
    token_of,
    while_hashing,
)
from shared.doors import doors, make_body
from shared.makers import make_password, make_recipe, make_user
from shared.printed import printed
from shared.races import overtake
from shared.rows import add_recipe, add_recipes

__all__ = [
    "add_recipe",
    "add_recipes",
    "add_user",
    "as_user",
    "claims_of",
    "doors",
    "full_cost",
    "hash_cheaply",
    "log_in",
    "make_body",
    "make_password",
    "make_recipe",
    "make_user",
    "overtake",
    "printed",
    "sign_up",
    "token_of",
    "while_hashing",
]
