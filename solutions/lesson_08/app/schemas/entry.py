"""What a client gets of the journal."""

from datetime import datetime

from app.schemas.rules import Output


class EntryOut(Output):
    """One thing that somebody did to a recipe."""

    id: int
    at: datetime
    user_id: int
    action: str
    recipe_id: int
