"""Rules that several schemas share, each written once."""

from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
"""A name or a title of something: blanks around it are dropped, and something must be left."""


def require_digit_and_capital(password: str) -> str:
    """Accept a password that holds a digit and an upper-case letter.

    Args:
        password: what the client chose; it is never part of the error message.

    Returns:
        The same password.

    Raises:
        ValueError: it lacks one of the two; Pydantic turns this into an entry of the 422 body.
    """
    if not any(character.isdigit() for character in password):
        raise ValueError("a password needs at least one digit")
    if not any(character.isupper() for character in password):
        raise ValueError("a password needs at least one upper-case letter")
    return password


Password = Annotated[str, Field(min_length=8, max_length=128), AfterValidator(require_digit_and_capital)]
"""A password that is about to be chosen: 8 to 128 characters, a digit and an upper-case letter among them."""


class Input(BaseModel):
    """Base of what a client sends: a field that the schema does not know is refused, so no typing slip is lost."""

    model_config = ConfigDict(extra="forbid")


class Change(Input):
    """Base of what a client sends to change something: a field may be left out; it may be null where that is said."""

    nullable: ClassVar[frozenset[str]] = frozenset()
    """The fields that null empties. In all others there is nothing to empty: their columns take no NULL."""

    @field_validator("*")
    @classmethod
    def refuse_null(cls, value: object, info: ValidationInfo) -> object:
        """Pass on every value but None where null means nothing; a field that was left out never comes here."""
        if value is None and info.field_name not in cls.nullable:
            raise ValueError("leave the field out to keep it as it is; it cannot be null")
        return value


class Output(BaseModel):
    """Base of what a client gets: it can be read off any object that has attributes of the same names."""

    model_config = ConfigDict(from_attributes=True)
