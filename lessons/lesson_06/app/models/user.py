"""The table of users."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base_class import Base

if TYPE_CHECKING:  # for the editor only: two modules that import each other at run time would not start
    from app.models.recipe import Recipe


class User(Base):
    """Somebody who submits recipes. No two have the same e-mail address."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)

    first_name: Mapped[str]
    surname: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    is_superuser: Mapped[bool] = mapped_column(default=False)
    hashed_password: Mapped[str]

    recipes: Mapped[list["Recipe"]] = relationship(
        back_populates="submitter", cascade="all, delete-orphan", order_by="Recipe.id"
    )
