"""The table of recipes."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.db.types import UtcDateTime, now

if TYPE_CHECKING:
    from app.models.user import User


class Recipe(Base):
    """A recipe somewhere on the web, and who submitted it."""

    __tablename__ = "recipes"

    id: Mapped[int] = mapped_column(primary_key=True)

    # Exercise 3.1: Give recipes their columns

    # Exercise 3.5: Lead from a recipe to the user

    # Exercise 3.6: Stamp a recipe when it is made, and again when it changes
