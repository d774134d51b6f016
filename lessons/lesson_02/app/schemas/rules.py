"""Rules that several schemas share, each written once."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

# Exercise 2.3: Say what counts as a name and as a password
Name = Annotated[str, Field(max_length=100)]
Password = Annotated[str, Field(max_length=128)]


class Input(BaseModel):
    """Base of what a client sends: a field that the schema does not know is refused, so no typing slip is lost."""

    model_config = ConfigDict(extra="forbid")


class Change(Input):
    """Base of what a client sends to change something: a field may be left out, but it may not be null."""

    @field_validator("*")
    @classmethod
    def refuse_null(cls, value: object) -> object:
        """Pass on every value but None; a field that was left out never comes here."""
        if value is None:
            raise ValueError("leave the field out to keep it as it is; it cannot be null")
        return value


class Output(BaseModel):
    """Base of what a client gets: it can be read off any object that has attributes of the same names."""

    model_config = ConfigDict(from_attributes=True)
