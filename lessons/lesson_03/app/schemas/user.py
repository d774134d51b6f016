"""What a client sends and gets about users."""

from pydantic import EmailStr

from app.schemas.rules import Change, Input, Name, Output, Password


class UserCreate(Input):
    """What a client sends to sign up. Only here is there a password."""

    first_name: Name
    surname: Name
    email: EmailStr
    password: Password


class UserUpdate(Change):
    """What a client sends to change a user: any part of what they show of themselves."""

    first_name: Name | None = None
    surname: Name | None = None
    email: EmailStr | None = None


class UserOut(Output):
    """What the service answers about a user: never a password, never a hash.

    The types are plain on purpose. The rules are for what comes in; what is already stored must stay readable on the
    day a rule gets stricter.
    """

    id: int
    first_name: str
    surname: str
    email: str
    is_superuser: bool
