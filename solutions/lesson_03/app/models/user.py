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

    # region 3.1 Give users their columns
    first_name: Mapped[str]
    surname: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    is_superuser: Mapped[bool] = mapped_column(default=False)
    hashed_password: Mapped[str]
    # endregion

    # region 3.5 Lead from a user to the recipes, which go when the user goes
    recipes: Mapped[list["Recipe"]] = relationship(
        back_populates="submitter", cascade="all, delete-orphan", order_by="Recipe.id"
    )
    # endregion
