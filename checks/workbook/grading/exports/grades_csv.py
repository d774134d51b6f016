"""``grades.csv``: one row a learner, one column an exercise, for people and their spreadsheets.

UTF-8 with a byte order mark, because Excel takes a file without one for another encoding; LibreOffice, Numbers,
Google Sheets, pandas (``encoding="utf-8-sig"``) and Python read both. A cell that begins like a formula has an
apostrophe before it, ids too: this file is to be looked at, and ``grades.json`` is for programs.

Points that are not known because of a grader error are empty, and so are those of a learner who handed nothing in,
unless zeros are asked for; the columns ``standing`` and ``flags`` say which.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbook.course.files import replace_file
from workbook.course.points import points_text
from workbook.grading.exports import marks
from workbook.grading.exports.files import BOM, csv_text
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.exports.text import cell
from workbook.grading.gradebook import Gradebook, LearnerGrade, Standing

FILE = "grades.csv"
_PERSON = ("id", "name", "email", "standing")
_TOTALS = ("raw", "percent off", "final", "max", "flags")


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``grades.csv``."""
    exercises = [(lesson.number, exercise.id) for lesson in book.lessons for exercise in lesson.exercises]
    marked = () if book.scheme.is_plain else ("mark", "best mark")
    header = (*_PERSON, *(f"exercise {exercise}" for _, exercise in exercises), *_TOTALS[:-1], *marked, _TOTALS[-1])
    rows = [tuple(_row(book, grade, exercises, options.missing)) for grade in book.learners]
    return Written((replace_file(folder / FILE, BOM + csv_text([header, *rows])),))


def _row(book: Gradebook, grade: LearnerGrade, exercises: list[tuple[int, str]], missing: Missing) -> Iterator[str]:
    learner = grade.learner
    yield from map(cell, (learner.id, learner.name, learner.email))
    yield grade.standing.value.replace("_", " ")
    lessons = {lesson.lesson: lesson for lesson in grade.lessons}
    absent = grade.standing is Standing.MISSING and missing is Missing.EMPTY
    for number_of_lesson, exercise in exercises:
        lesson = lessons.get(number_of_lesson)
        known = None if lesson is None or absent else marks.exercise_points(grade, lesson, exercise)
        yield _points(known)
    yield _points(marks.raw_points(grade, missing))
    yield points_text(grade.lateness.percent)
    yield _points(marks.final_points(grade, missing))
    yield points_text(book.max_points)
    if not book.scheme.is_plain:
        yield from (_points(marks.final_mark(book, grade, missing)), points_text(book.best_mark))
    yield cell("; ".join(marks.flags(grade)))


def _points(points: float | None) -> str:
    return "" if points is None else points_text(points)
