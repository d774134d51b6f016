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


class RecipeCreate(Input):
    """What a client sends to add a recipe."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "label": "Lemon risotto",
                    "source": "Grandmother",
                    "url": "https://recipes.example/lemon-risotto",
                    "submitter_id": 1,
                }
            ]
        }
    )

    label: Label
    source: Name
    url: WebAddress
    submitter_id: int = Field(ge=1, le=LARGEST_ID, description="The user who submits it.")


class RecipeUpdate(Change):
    """What a client sends to change a recipe: any part of it."""

    label: Label | None = None
    source: Name | None = None
    url: WebAddress | None = None


class RecipeOut(Output):
    """What the service answers about a recipe.

    The types are plain on purpose. The rules are for what comes in; what is already stored must stay readable on the
    day a rule gets stricter.
    """

    id: int
    label: str
    source: str
    url: str
    submitter_id: int
    # region 3.6 Show when a recipe was made and last changed
    created_at: datetime
    updated_at: datetime
    # endregion
