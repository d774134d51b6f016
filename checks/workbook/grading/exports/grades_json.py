"""``grades.json``: all that is known of a graded class, for programs. ``grades.schema.json`` documents it.

It is for the instructor: it holds the seed, and the names and messages of hidden checks. Each check and each message
stands in it once, in ``checks`` and ``messages``; learners' results refer to them by their places there.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from workbook.course.files import replace_file
from workbook.course.message import Message
from workbook.course.model import CourseError
from workbook.course.results import LessonResult, Verdict
from workbook.grading.exports import marks
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.gradebook import Gradebook

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = "fastapi-workbook/grades/v2"
FILE = "grades.json"
_RESULTS: Any = {"learners": {"__all__": {"lessons": {"__all__": {"result"}}}}}
_Key = TypeVar("_Key")


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``grades.json``: the class in one line, then a line for each learner."""
    data = gradebook_to_json(book)
    learners = ",\n".join(map(_text, data.pop("learners")))
    text = f'{_text(data)[:-1]},"learners":[\n{learners}\n]}}\n'
    return Written((replace_file(folder / FILE, text),))


def gradebook_to_json(book: Gradebook) -> dict[str, Any]:
    """The gradebook as JSON: its fields by their names, and what follows from them (points, flags, faults)."""
    data = _adapter().dump_python(book, exclude=_RESULTS)
    checks, messages = _Places[tuple[str, str]](), _Places[Message]()
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
            entry["result"] = lesson.result and _result(lesson.result, checks, messages)
    return {
        "schema": SCHEMA,
        **data,
        "made_at": book.made_at.isoformat(),
        "max_points": book.max_points,
        "checks": [{"name": name, "expects": expects} for name, expects in checks],
        "messages": [{"kind": message.kind, "rows": message.rows} for message in messages],
    }


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
        return _adapter().validate_python(_whole(cast("dict[str, Any]", data)))
    except (KeyError, TypeError, ValueError, IndexError) as fault:
        if not isinstance(fault, ValidationError):
            raise CourseError("These grades are damaged: grade the class again.") from None

        first = fault.errors(include_url=False, include_input=False)[0]
        place = "/".join(map(str, first["loc"]))
        raise CourseError(f"These grades are damaged at {place} ({first['msg']}): grade the class again.") from None


class _Places(dict[_Key, int]):
    """Where each thing stands in a list that holds it once; iterated over, the list."""

    def __missing__(self, key: _Key) -> int:
        self[key] = len(self)
        return self[key]


def _result(result: LessonResult, checks: _Places[tuple[str, str]], messages: _Places[Message]) -> dict[str, Any]:
    """A lesson's result; ``checks`` and ``messages`` take in what is new."""
    exercises: list[dict[str, Any]] = []
    for exercise in result.exercises:
        rows = [
            [
                checks[check.name, check.expects],
                check.passed,
                check.seconds,
                *(() if check.passed else (check.verdict, messages[check.message] if check.message else None)),
            ]
            for check in exercise.checks
        ]
        exercises.append(
            {
                "exercise": exercise.exercise,
                "title": exercise.title,
                "verdict": exercise.verdict,
                "points": exercise.points,
                "max_points": exercise.max_points,
                **({} if exercise.selected_all else {"selected_all": False}),
                **({"remark": exercise.remark} if exercise.remark else {}),
                "checks": rows,
            }
        )
    return {"lesson": result.lesson, "title": result.title, "exercises": exercises}


def _whole(data: dict[str, Any]) -> dict[str, Any]:
    """The same with every check and message in the place where it is referred to."""

    def check(row: list[Any]) -> dict[str, Any]:
        place, passed, seconds, *rest = row
        verdict, message = rest or (Verdict.PASSED, None)
        said = None if message is None else data["messages"][message]
        return {**data["checks"][place], "passed": passed, "seconds": seconds, "verdict": verdict, "message": said}

    def exercise(entry: dict[str, Any]) -> dict[str, Any]:
        return {**entry, "checks": [check(row) for row in entry["checks"]]}

    def lesson(entry: dict[str, Any]) -> dict[str, Any]:
        result = entry["result"]
        return {
            **entry,
            "result": result and {**result, "exercises": [exercise(each) for each in result["exercises"]]},
        }

    learners: Any = data["learners"]
    if isinstance(learners, list):
        each = cast("list[dict[str, Any]]", learners)
        learners = [{**grade, "lessons": list(map(lesson, grade["lessons"]))} for grade in each]
    return {**data, "learners": learners}


@cache
def _adapter() -> TypeAdapter[Gradebook]:
    """Pydantic's reader and writer of gradebooks; it is loaded when it is needed, because that takes a moment."""
    from pydantic import TypeAdapter

    return TypeAdapter(Gradebook)


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
