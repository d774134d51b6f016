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
    if new.submitter_id not in (None, user.id):
        raise NotAllowed("Nobody submits a recipe for somebody else.")
    return new.signed_by(user.id)


def require_change(user: User, recipe: Recipe) -> None:
    """Let those pass who may change or remove a recipe.

    Raises:
        NotAllowed: it is somebody else's.
    """
    if user.role in (Role.EDITOR, Role.ADMIN):
        return
    if recipe.submitter_id != user.id:
        raise NotAllowed("This recipe is somebody else's.")


def require_self(user: User, user_id: int) -> None:
    """Let those pass who ask about themselves, and admins.

    Raises:
        NotAllowed: it is about somebody else, or about nobody.
    """
    if user.id != user_id and user.role is not Role.ADMIN:
        raise NotAllowed("This is somebody else's account.")
