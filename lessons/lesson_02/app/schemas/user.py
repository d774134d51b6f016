"""What a client sends and gets about users."""

from app.schemas.rules import Change, Input, Output


# Exercise 2.2: Write the family: what comes in, what changes, what goes out
class UserCreate(Input):
    """What a client sends to sign up."""


class UserUpdate(Change):
    """What a client sends to change a user."""


class UserOut(Output):
    """What the service answers about a user."""
