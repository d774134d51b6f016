"""``grades.json``: all that is known of a graded class, for programs. ``grades.schema.json`` documents it.

It is for the instructor: it holds the seed, and the names and messages of hidden checks.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workbook.course.files import replace_file
from workbook.course.model import CourseError
from workbook.grading.exports import marks
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.gradebook import Gradebook

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = "fastapi-workbook/grades/v1"
FILE = "grades.json"


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``grades.json``, a line for each learner."""
    data = gradebook_to_json(book)
    learners = ",\n".join(_text(learner) for learner in data.pop("learners"))
    text = f'{_text(data)[:-1]}, "learners": [\n{learners}\n]}}\n'
    return Written((replace_file(folder / FILE, text),))


def gradebook_to_json(book: Gradebook) -> dict[str, Any]:
    """The gradebook as JSON: its fields by their names, and what follows from them (points, flags, faults)."""
    data = _adapter().dump_python(book)
    for lesson, plain in zip(book.lessons, data["lessons"], strict=True):
        plain["max_points"] = lesson.max_points
    for grade, plain in zip(book.learners, data["learners"], strict=True):
        plain |= {
            "raw_points": marks.raw_points(grade, Missing.ZERO),
            "points": marks.final_points(grade, Missing.ZERO),
            "mark": marks.final_mark(book, grade, Missing.ZERO),
            "max_points": grade.max_points,
            "final": marks.is_final(grade),
            "flags": marks.flags(grade),
            "grader_errors": grade.grader_errors,
            "handed_in_at": grade.handed_in_at.isoformat() if grade.handed_in_at else None,
        }
        for lesson, entry in zip(grade.lessons, plain["lessons"], strict=True):
            entry["points"] = marks.lesson_points(grade, lesson)
    return {"schema": SCHEMA, **data, "made_at": book.made_at.isoformat(), "max_points": book.max_points}


def gradebook_from_json(data: object) -> Gradebook:
    """Read back what ``gradebook_to_json`` wrote.

    Raises:
        CourseError: the data has another form, or another schema.
    """
    from pydantic import ValidationError

    schema = cast("dict[str, Any]", data).get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        raise CourseError(
            f"These grades have schema {schema!r}: this workbook reads {SCHEMA!r}; grade the class again."
        )
    try:
        return _adapter().validate_python(data)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        place = "/".join(map(str, first["loc"]))
        raise CourseError(f"These grades are damaged at {place} ({first['msg']}): grade the class again.") from None


@cache
def _adapter() -> TypeAdapter[Gradebook]:
    """Pydantic's reader and writer of gradebooks; it is loaded when it is needed, because that takes a moment."""
    from pydantic import TypeAdapter

    return TypeAdapter(Gradebook)


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False)
