"""``canvas.csv``: for Canvas's gradebook, "Import".

The form is that of Canvas's own export, as its importer reads it (instructure/canvas-lms,
``lib/gradebook_importer.rb``). Learners are found by ``ID``, then ``SIS User ID``, then ``SIS Login ID``, which come
from the roster; where the roster has none, the learner's own id stands as ``SIS Login ID``. Ids are written as the
roster has them, but one that begins like a formula gets an apostrophe like every other cell, and is then not found.

Who has no grade (handed nothing in, grader error), or is not in the roster, has no row: an empty cell would tell Canvas
to take away a grade or an excuse that is there, and an unknown person would be offered as a new one.
The row "Points Possible" sets what the assignment is worth to what was graded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from workbook.course.files import replace_file
from workbook.course.model import CourseError, Lesson
from workbook.grading.exports import marks
from workbook.grading.exports.files import csv_text
from workbook.grading.exports.options import Options, Written
from workbook.grading.exports.text import cell
from workbook.grading.gradebook import Gradebook, Learner, LearnerGrade

FILE = "canvas.csv"
_PERSON = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_NUMBERED = re.compile(r"(?P<title>.*?)\s*\(\d+\)", re.DOTALL)
_TOTALS = re.compile(r"(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade|Status)")
"""Canvas takes a column with such words for one of its own sums, and leaves it out without a word."""


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``canvas.csv``.

    Raises:
        CourseError: Canvas would not take a title for an assignment's, or two titles are the same.
    """
    titles = assignment_titles(book.course, book.lessons, options)
    worth = [book.best_mark, *(lesson.max_points for lesson in book.lessons if options.per_lesson)]
    rows: list[tuple[str, ...]] = [
        (*_PERSON, *map(cell, titles)),
        ("    Points Possible", *("" for _ in _PERSON[1:]), *(f"{points:.2f}" for points in worth)),
    ]
    left_out: list[tuple[str, str]] = []
    for grade in book.learners:
        points = marks.final_mark(book, grade, options.missing)
        if points is None:
            left_out.append((grade.learner.id, marks.why_no_grade(grade)))
        elif not grade.learner.in_roster:
            left_out.append((grade.learner.id, "not in the roster"))
        else:
            each = _lessons(book, grade) if options.per_lesson else ()
            rows.append((*_person(grade.learner), *(f"{entry:.2f}" for entry in (points, *each))))
    return Written((replace_file(folder / FILE, csv_text(rows)),), left_out=tuple(left_out))


def assignment_titles(course: str, lessons: Sequence[Lesson], options: Options) -> list[str]:
    """The titles of the columns.

    Raises:
        CourseError: Canvas would not take one for an assignment's, or two are the same.
    """
    total = options.assignment or course
    match = _NUMBERED.fullmatch(total)
    base = match["title"] if match else total
    titles = [total]
    if options.per_lesson:
        named = options.lesson_assignments
        titles += [named.get(lesson.number) or f"{base}, lesson {lesson.number}" for lesson in lessons]
    for title in titles:
        if _TOTALS.search(title):
            raise CourseError(f"Canvas takes {title!r} for one of its own sums: give the assignment another title.")
        if titles.count(title) > 1:
            raise CourseError(f"Two assignments are called {title!r}: give each one a title of its own.")
    return titles


def _person(learner: Learner) -> Iterator[str]:
    known = {"Student": learner.name or learner.id, **{key: text for key, text in learner.canvas.items() if text}}
    if not any(known.get(key) for key in ("ID", "SIS User ID", "SIS Login ID")):
        known["SIS Login ID"] = learner.id
    # Canvas skips a person whose name holds these words: they mark the row of what assignments are worth.
    known["Student"] = known["Student"].replace("Points Possible", "Points_Possible")
    for key in _PERSON:
        yield cell(known.get(key, ""))


def _lessons(book: Gradebook, grade: LearnerGrade) -> Iterator[float]:
    """The lessons' points as they count: less what is taken off, so that they add up to the total but for cents."""
    have = {lesson.lesson: grade.counted(lesson) for lesson in grade.lessons}
    for lesson in book.lessons:
        yield have.get(lesson.number, 0.0)
