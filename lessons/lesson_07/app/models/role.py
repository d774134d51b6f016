"""What somebody may do."""

from enum import StrEnum


class Role(StrEnum):
    """The role of a user. Each user has one."""

    USER = "user"
    """Submits recipes, and changes their own."""
    EDITOR = "editor"
    """Changes everybody's recipes."""
    ADMIN = "admin"
    """Changes everybody's recipes, and looks after the users."""


def stored_as(roles: type[Role]) -> list[str]:
    """What a column holds of roles: their values. Left to itself, SQLAlchemy stores the names, ``"EDITOR"``."""
    return [role.value for role in roles]
