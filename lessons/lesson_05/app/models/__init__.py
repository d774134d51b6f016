"""Models: the tables, one class each. Importing this package makes all of them known to ``Base.metadata``."""

from app.models.recipe import Recipe
from app.models.user import User

__all__ = ["Recipe", "User"]
