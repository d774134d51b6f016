"""What a learner predicted, and what happened: kept, so that later lessons can ask again what was wrong.

It is in ``.workbook/predictions.json``. Like the progress it is a convenience, and a lost or broken file does no harm.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from workbook.course.files import replace_file

if TYPE_CHECKING:
    from workbook.course.model import Course

SCHEMA = "fastapi-workbook/predictions/v1"
FILE_NAME = "predictions.json"


@dataclass(frozen=True, slots=True)
class Answered:
    """A prediction that was compared with what happened."""

    lesson: int
    question: str
    said: str
    """The learner's first answer, as it is spoken of: ``"b) 422"``."""
    happened: str
    right: bool
    options: list[str] = field(default_factory=list[str])


def load(course: Course) -> dict[str, Answered]:
    """Every prediction that was compared, by lesson and name (``"2 free_price"``), the oldest first.

    Where the file is broken there is none.
    """
    try:
        data = json.loads((course.state_dir / FILE_NAME).read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            return {}
        entries = cast("dict[str, dict[str, Any]]", data["predictions"])
        return {name: Answered(**entry) for name, entry in entries.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def keep(course: Course, name: str, answered: Answered) -> None:
    """Remember a prediction; the first answer counts, since a second one is no prediction any more."""
    known, mine = load(course), f"{answered.lesson} {name}"
    if mine in known:
        return
    entries = {key: asdict(value) for key, value in {**known, mine: answered}.items()}
    with suppress(OSError):
        course.state_dir.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"schema": SCHEMA, "predictions": entries}, indent=1, ensure_ascii=False)
        replace_file(course.state_dir / FILE_NAME, text)
