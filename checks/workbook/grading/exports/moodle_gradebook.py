"""``moodle-gradebook.csv``: for Moodle's gradebook, "Import", "CSV file".

There the teacher maps the columns: the first one to the user (``grade/import/csv/classes/load_data.php``), the second
one to the grade item, and the third one to the feedback of that item. The last two belong together: feedback that is
mapped alone takes grades away (Moodle 3.11 docs, note 3).

One unknown user or one cell that is no number stops Moodle's whole import, a row with an empty user field counts for
the user of the row before, and an empty grade takes one away. So only learners in the roster who have a grade and
the user field are written; the others are listed. Feedback is HTML to Moodle, so texts are escaped for it.
"""

from __future__ import annotations

from pathlib import Path

from workbook.course.files import replace_file
from workbook.course.model import CourseError
from workbook.course.points import points_text
from workbook.grading.exports import marks
from workbook.grading.exports.files import csv_text
from workbook.grading.exports.moodle_worksheet import feedback_html
from workbook.grading.exports.options import Options, Written
from workbook.grading.exports.text import cell
from workbook.grading.gradebook import Gradebook, Learner

FILE = "moodle-gradebook.csv"
USER_FIELDS = ("email", "username", "idnumber")
_LARGEST_GRADE = 100
"""Moodle refuses more, unless the site allows unlimited grades."""


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``moodle-gradebook.csv``."""
    field = _user_field(book, options.moodle_user)
    title = options.assignment or book.course
    rows = [(field, cell(title), cell(f"{title}: feedback"))]
    notes: list[str] = []
    left_out: list[tuple[str, str]] = []
    for grade in book.learners:
        points = marks.final_mark(book, grade, options.missing)
        user = _value(grade.learner, field)
        reason = _refusal(grade.learner, user, field)
        if points is None:
            reason = marks.why_no_grade(grade)
        if points is None or reason:
            left_out.append((grade.learner.id, reason))
        else:
            rows.append((user, points_text(points), feedback_html(grade)))
    if book.best_mark > _LARGEST_GRADE:
        notes.append(
            f"Grades go up to {points_text(book.best_mark)}: Moodle refuses more than 100 unless unlimited grades are "
            "on; scale = 100 in the class file makes them fit."
        )
    return Written((replace_file(folder / FILE, csv_text(rows)),), tuple(notes), tuple(left_out))


def check(options: Options) -> None:
    """Find out beforehand what would stop it.

    Raises:
        CourseError: ``options.moodle_user`` is no field that Moodle knows people by.
    """
    if options.moodle_user and options.moodle_user not in USER_FIELDS:
        known = ", ".join(USER_FIELDS)
        raise CourseError(f"Moodle does not find people by {options.moodle_user!r}: choose from {known}.")


def _user_field(book: Gradebook, wanted: str) -> str:
    people = [grade.learner for grade in book.learners if grade.learner.in_roster]
    complete = [field for field in USER_FIELDS if all(_value(person, field) for person in people)]
    return wanted or (complete or [USER_FIELDS[0]])[0]


def _value(learner: Learner, field: str) -> str:
    return (learner.email if field == "email" else learner.moodle.get(field, "")).strip()


def _refusal(learner: Learner, user: str, field: str) -> str:
    if not learner.in_roster:
        return "not in the roster"
    if not user:
        return f"the roster has no {field}"
    return f"the {field} begins like a formula" if cell(user) != user else ""
