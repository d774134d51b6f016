"""What the columns of the database can hold, where Python's own types hold more or less."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

LARGEST_ID = 2**31 - 1
"""The largest number of a row: Python's integers have no end, an INTEGER column of PostgreSQL has 32 bits."""


# region 3.6 Translate a moment on its way in and on its way out
class UtcDateTime(TypeDecorator[datetime]):
    """A moment: an aware ``datetime``, in UTC on its way in and on its way out.

    PostgreSQL keeps the moment, and shows it in the time zone of the connection. SQLite keeps the digits alone, and
    gives back a ``datetime`` without a zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what Python holds into what is stored.

        Raises:
            ValueError: the value has no time zone, so nobody can say which moment it means.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: take datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what is stored into what Python holds. Without a zone it comes from SQLite, and it was UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# starter: UtcDateTime = DateTime
# endregion


def now() -> datetime:
    """The present moment, in UTC and aware of it."""
    return datetime.now(UTC)
