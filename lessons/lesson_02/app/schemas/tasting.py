"""What a client sends and gets about tasting evenings."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.rules import Input


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

    # Exercise 2.3: Say what an evening must be
    title: str
    starts_at: datetime
    ends_at: datetime
    attendees: int
    price_cents: int = 0


class TastingQuote(BaseModel):
    """What the evening comes to."""

    title: str
    minutes: int = Field(description="How long it lasts, whatever the two time zones.")
    total_cents: int = Field(description="What all attendees pay together.")
