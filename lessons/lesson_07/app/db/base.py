"""``Base`` with every table known to it: who makes tables imports it from here, who writes one from ``base_class``."""

from app.db.base_class import Base
from app.models import Recipe, User

__all__ = ["Base", "Recipe", "User"]
