"""The table of users."""

from typing import TYPE_CHECKING

from sqlalchemy import Enum
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base_class import Base
from app.models.role import Role, stored_as

if TYPE_CHECKING:  # for the editor only: two modules that import each other at run time would not start
    from app.models.recipe import Recipe


class User(Base):
    """Somebody who submits recipes. No two have the same e-mail address."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)

    first_name: Mapped[str]
    surname: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(
        Enum(Role, native_enum=False, length=20, values_callable=stored_as),
        default=Role.USER,
    )
    is_active: Mapped[bool] = mapped_column(default=True)
    """False for somebody who is locked out, with all that they have kept."""
    hashed_password: Mapped[str]

    @property
    def is_superuser(self) -> bool:
        """What version 1 calls an admin. No column of its own: two of them would say different things one day."""
        return self.role is Role.ADMIN

    recipes: Mapped[list["Recipe"]] = relationship(
        back_populates="submitter", cascade="all, delete-orphan", order_by="Recipe.id"
    )
