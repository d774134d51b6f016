"""What the columns of the database can hold, where Python's own types hold more or less."""

from datetime import UTC, datetime

from pydantic import HttpUrl
from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator

LARGEST_ID = 2**31 - 1
"""The largest number of a row: Python's integers have no end, an INTEGER column of PostgreSQL has 32 bits."""


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


class AddressText(TypeDecorator[str]):
    """The address of something on the web, kept as text: no driver knows what Pydantic's ``HttpUrl`` is."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: HttpUrl | str | None, dialect: Dialect) -> str | None:
        """Turn what a schema holds into text; None stays None."""
        return None if value is None else str(value)


def now() -> datetime:
    """The present moment, in UTC and aware of it."""
    return datetime.now(UTC)
