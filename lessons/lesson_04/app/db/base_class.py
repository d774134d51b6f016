"""What every table inherits from."""

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Base of every model. ``Base.metadata`` knows each table whose class has been imported."""
