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

    # region 3.1 Give recipes their columns
    label: Mapped[str]
    source: Mapped[str]
    url: Mapped[str]
    submitter_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    # endregion

    # region 3.5 Lead from a recipe to the user
    submitter: Mapped["User"] = relationship(back_populates="recipes")
    # endregion

    # region 3.6 Stamp a recipe when it is made, and again when it changes
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
    # endregion
