"""The table of recipes."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base_class import Base
from app.db.types import AddressText, UtcDateTime, now

if TYPE_CHECKING:
    from app.models.user import User


class Recipe(Base):
    """A recipe somewhere on the web, and who submitted it. Nobody submits the same address twice."""

    __tablename__ = "recipes"
    __table_args__ = (UniqueConstraint("submitter_id", "url", name="one_url_per_submitter"),)

    id: Mapped[int] = mapped_column(primary_key=True)

    label: Mapped[str]
    source: Mapped[str]
    url: Mapped[str]
    image: Mapped[str | None] = mapped_column(AddressText)
    submitter_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)

    submitter: Mapped["User"] = relationship(back_populates="recipes")

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
