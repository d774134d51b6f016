"""What a client sends and gets about recipes."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, HttpUrl, StringConstraints, TypeAdapter

from app.db.types import LARGEST_ID
from app.schemas.rules import Change, Input, Name, Output

_web_address = TypeAdapter(HttpUrl)


def require_web_address(text: str) -> str:
    """Accept the address of a web page, and keep it as the client wrote it.

    Args:
        text: the address. ``HttpUrl`` as the field's type would rewrite it: "http://a.example" gains a slash.

    Returns:
        The same text.

    Raises:
        pydantic.ValidationError: it is not an http or https address.
    """
    _web_address.validate_python(text)
    return text


Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=100)]
WebAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(require_web_address)
]


class RecipeReplace(Input):
    """What a client sends to put another recipe in the place of one: all of it."""

    label: Label
    source: Name
    url: WebAddress
    image: HttpUrl | None = None


class RecipeSubmission(RecipeReplace):
    """A recipe and whose it is: what the data layer stores."""

    submitter_id: int


class RecipeCreate(RecipeReplace):
    """What a client sends to add a recipe."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "label": "Lemon risotto",
                    "source": "Grandmother",
                    "url": "https://recipes.example/lemon-risotto",
                    "image": "https://recipes.example/lemon-risotto.jpg",
                    "submitter_id": 1,
                }
            ]
        }
    )

    submitter_id: int | None = Field(
        default=None, ge=1, le=LARGEST_ID, description="Whoever is logged in. Anybody else is refused."
    )

    def signed_by(self, user_id: int) -> RecipeSubmission:
        """Say whose recipe it is."""
        return RecipeSubmission.model_validate({**dict(self), "submitter_id": user_id})


class RecipeUpdate(Change):
    """What a client sends to change a recipe: any part of it."""

    label: Label | None = None
    source: Name | None = None
    url: WebAddress | None = None
    image: HttpUrl | None = None

    nullable = frozenset({"image"})


class RecipeOut(Output):
    """What the service answers about a recipe.

    The types are plain on purpose. The rules are for what comes in; what is already stored must stay readable on the
    day a rule gets stricter.
    """

    id: int
    label: str
    source: str
    url: str
    image: str | None
    submitter_id: int
    created_at: datetime
    updated_at: datetime


class RecipePage(Output):
    """A page of recipes, and where the next one begins."""

    results: list[RecipeOut]
    next: int | None
    """What to send as ``after`` for the next page; null on the last one."""
    total: int
    """How many recipes there are in all."""
