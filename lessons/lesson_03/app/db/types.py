"""What the columns of the database can hold, where Python's own types hold more or less."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

LARGEST_ID = 2**31 - 1
"""The largest number of a row: Python's integers have no end, an INTEGER column of PostgreSQL has 32 bits."""


# Exercise 3.6: Translate a moment on its way in and on its way out
UtcDateTime = DateTime


def now() -> datetime:
    """The present moment, in UTC and aware of it."""
    return datetime.now(UTC)
