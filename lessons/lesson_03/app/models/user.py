"""The table of users."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base

if TYPE_CHECKING:  # for the editor only: two modules that import each other at run time would not start
    from app.models.recipe import Recipe


class User(Base):
    """Somebody who submits recipes. No two have the same e-mail address."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)

    # Exercise 3.1: Give users their columns

    # Exercise 3.5: Lead from a user to the recipes, which go when the user goes
