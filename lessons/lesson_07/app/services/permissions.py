"""Who may do what. It knows neither HTTP nor SQL."""

from app.models import Recipe, Role, User
from app.schemas.recipe import RecipeCreate, RecipeSubmission


class NotAllowed(Exception):
    """Somebody may not do what they asked for. The text is for the client."""


def sign_recipe(user: User, new: RecipeCreate) -> RecipeSubmission:
    """Note who submits a recipe.

    Args:
        user: who is logged in.
        new: what they sent.

    Raises:
        NotAllowed: they sent the number of somebody else.
    """
    # Exercise 7.5: Who is logged in, and nobody else
    return new.signed_by(new.submitter_id)


def require_change(user: User, recipe: Recipe) -> None:
    """Let those pass who may change or remove a recipe.

    Raises:
        NotAllowed: it is somebody else's.
    """
    # Exercise 7.6: Editors and admins look after everybody's recipes
    # Exercise 7.5: It has to be theirs


def require_self(user: User, user_id: int) -> None:
    """Let those pass who ask about themselves, and admins.

    Raises:
        NotAllowed: it is about somebody else, or about nobody.
    """
    # Exercise 7.6: Your own account, unless you look after all of them
