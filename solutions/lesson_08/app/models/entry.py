"""The table of the journal."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base_class import Base
from app.db.types import UtcDateTime, now


class Entry(Base):
    """One thing that somebody did to a recipe. It stays when the recipe or the user is gone: so no foreign keys."""

    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(primary_key=True)

    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    user_id: Mapped[int]
    action: Mapped[str]
    """``add``, ``change`` or ``remove``."""
    recipe_id: Mapped[int]
