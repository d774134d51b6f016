"""What may differ between your laptop and the server, and nothing else."""

from datetime import UTC, datetime

from pydantic import AwareDatetime, EmailStr, Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """The settings of one service, each read from the environment variable of the same name."""

    project_name: str = "Recipe API"
    version: str = "1.0.0"
    debug: bool = False
    """Show the details of a crash to the caller. Never on a server that strangers can reach."""
    API_V1_STR: str = "/api/v1"
    """Where version 1 of the API begins."""
    API_V2_STR: str = "/api/v2"
    """Where version 2 of the API begins."""
    v1_deprecated_at: AwareDatetime = datetime(2026, 9, 1, tzinfo=UTC)
    """Since when nobody should begin to use version 1."""
    v1_sunset_at: AwareDatetime = datetime(2027, 9, 1, tzinfo=UTC)
    """From when version 1 may be switched off."""
    contact_email: EmailStr
    """Who answers when the service fails. It has no default, because nobody can guess it."""
    cors_origins: list[str] = []
    """Web sites whose pages may call this service, such as ``["https://kitchen.example"]``.

    Plain text on purpose: a URL type would add a final slash, and a browser's ``Origin`` header has none.
    """
    recipes_per_user: int = Field(default=100, ge=1)
    """How many recipes one user may have."""
    reddit_url: str = "https://www.reddit.com"
    """Where the ideas come from."""
    reddit_timeout: float = Field(default=3.0, gt=0)
    """Seconds that one question to Reddit may take."""
    reddit_most_at_once: int = Field(default=5, ge=1, le=100)  # httpx keeps no more connections than that
    """How many questions may be under way to Reddit at any moment, in the whole service."""
    market_url: str = "https://market.example"
    """Who knows the prices."""
    database_url: str = "sqlite:///kitchen.db"
    """Where the database is. This default is a file in the folder where the service was started."""
