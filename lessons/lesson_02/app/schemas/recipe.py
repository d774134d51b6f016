"""What a client sends and gets about recipes."""

from app.schemas.rules import Change, Input, Output


# Exercise 2.5: Say what a recipe must be when it comes in, and what of it may change
class RecipeCreate(Input):
    """What a client sends to add a recipe."""


class RecipeUpdate(Change):
    """What a client sends to change a recipe."""


class RecipeOut(Output):
    """What the service answers about a recipe.

    The types are plain on purpose. The rules are for what comes in; what is already stored must stay readable on the
    day a rule gets stricter.
    """

    id: int
    label: str
    source: str
    url: str
