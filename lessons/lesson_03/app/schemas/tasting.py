"""What a client sends and gets about tasting evenings."""

import re
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from app.schemas.rules import Input


def require_written_date(value: object) -> object:
    """Refuse a number, and a text that is one: Pydantic would read it as seconds since 1970, in UTC.

    Args:
        value: what was sent, before Pydantic makes a datetime of it.

    Returns:
        The same value.

    Raises:
        ValueError: it is not a text that begins with year, month and day.
    """
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("write the date and the time, as in 2027-03-05T19:00:00+01:00")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(require_written_date)]
"""A date and time with its offset from UTC."""


class TastingRequest(Input):
    """An evening that somebody wants a quote for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Six curries and a riesling",
                    "starts_at": "2027-03-05T19:00:00+01:00",
                    "ends_at": "2027-03-05T22:30:00+01:00",
                    "attendees": 24,
                    "price_cents": 4500,
                }
            ]
        }
    )

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=100)]
    starts_at: Moment
    ends_at: Moment
    attendees: int = Field(ge=1, le=1000)
    price_cents: int = Field(default=0, ge=0, le=100_000)

    @model_validator(mode="after")
    def end_after_the_start(self) -> Self:
        """Refuse an evening that is over before it begins; this runs once every field is valid by itself."""
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        return self


class TastingQuote(BaseModel):
    """What the evening comes to."""

    title: str
    minutes: int = Field(description="How long it lasts, whatever the two time zones.")
    total_cents: int = Field(description="What all attendees pay together.")
