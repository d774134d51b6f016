"""What a client of version 2 sends and gets about recipes: a title, where version 1 says label.

The names of these classes differ from those of version 1 on purpose. Two classes of one name make FastAPI rename both
in the OpenAPI document, so that version 1 would change there.
"""

from datetime import datetime

from pydantic import ConfigDict, Field, HttpUrl

from app.db.types import LARGEST_ID
from app.schemas.recipe import Label, RecipeCreate, RecipeUpdate, WebAddress
from app.schemas.rules import Change, Input, Name, Output


class RecipeOutV2(Output):
    """What the service answers about a recipe."""

    id: int
    title: str = Field(validation_alias="label")
    source: str
    url: str
    image: str | None
    submitter_id: int
    created_at: datetime
    updated_at: datetime


class RecipePageV2(Output):
    """A page of recipes, and where the next one begins."""

    results: list[RecipeOutV2]
    next: int | None
    """What to send as ``after`` for the next page; null on the last one."""
    total: int
    """How many recipes there are in all."""


class RecipeCreateV2(Input):
    """What a client sends to add a recipe."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Lemon risotto",
                    "source": "Grandmother",
                    "url": "https://recipes.example/lemon-risotto",
                    "image": "https://recipes.example/lemon-risotto.jpg",
                    "submitter_id": 1,
                }
            ]
        }
    )

    title: Label
    source: Name
    url: WebAddress
    image: HttpUrl | None = None
    submitter_id: int = Field(ge=1, le=LARGEST_ID, description="The user who submits it.")

    def to_v1(self) -> RecipeCreate:
        """Say the same in the words of version 1."""
        return RecipeCreate.model_validate({"label" if name == "title" else name: value for name, value in self})


class RecipeUpdateV2(Change):
    """What a client sends to change a recipe: any part of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Lime risotto", "source": "Aunt Ines"}]})

    title: Label | None = None
    source: Name | None = None
    url: WebAddress | None = None
    image: HttpUrl | None = None

    nullable = frozenset({"image"})

    def to_v1(self) -> RecipeUpdate:
        """Say the same in the words of version 1: what was not sent is not sent there either."""
        sent = self.model_dump(exclude_unset=True)
        return RecipeUpdate.model_validate({"label" if name == "title" else name: sent[name] for name in sent})
