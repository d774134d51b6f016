"""What may differ between your laptop and the server, and nothing else."""

from pydantic import EmailStr, Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """The settings of one service, each read from the environment variable of the same name."""

    project_name: str = "Recipe API"
    version: str = "1.0.0"
    debug: bool = False
    """Show the details of a crash to the caller. Never on a server that strangers can reach."""
    contact_email: EmailStr
    """Who answers when the service fails. It has no default, because nobody can guess it."""
    cors_origins: list[str] = []
    """Web sites whose pages may call this service, such as ``["https://kitchen.example"]``.

    Plain text on purpose: a URL type would add a final slash, and a browser's ``Origin`` header has none.
    """
    recipes_per_user: int = Field(default=100, ge=1)
    """How many recipes one user may have."""
    database_url: str = "sqlite:///kitchen.db"
    """Where the database is. This default is a file in the folder where the service was started."""
