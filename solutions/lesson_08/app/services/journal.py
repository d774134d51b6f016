"""Who did what to which recipe."""

from sqlalchemy.orm import Session

from app.models import Entry


class Journal:
    """Writes down what one user does, in the session that it is given, and commits nothing."""

    def __init__(self, session: Session, user_id: int) -> None:
        """Write for one user.

        Args:
            session: where the entries go.
            user_id: who does what is written down.
        """
        self.session = session
        self.user_id = user_id

    def note(self, action: str, recipe_id: int) -> None:
        """Write down one thing.

        Args:
            action: ``add``, ``change`` or ``remove``.
            recipe_id: the recipe.
        """
        self.session.add(Entry(user_id=self.user_id, action=action, recipe_id=recipe_id))
