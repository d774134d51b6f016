"""``moodle.csv``: Moodle's offline grading worksheet, as the instructor downloaded it, filled in.

In the assignment: "Download grading worksheet", then ``--moodle-worksheet SHEET``, then "Upload grading worksheet".
Moodle finds the columns by headers in the language of the site, so the sheet is changed as little as can be: only the
cells for the grade and for the feedback, and only of learners who have a grade here. All others stay as they are, and
are listed.

How the columns are found, by the first rule that gives an answer:

1. what ``Options.moodle_headers`` says;
2. Moodle's English headers (``HEADERS``);
3. by position: the first column is the identifier if each of its cells ends in a number; the grade stands directly
   before the maximum, the only column in which all cells hold the same number. Feedback is found by its header only.

A learner is found by ``Identifier`` in the roster, else by the email address, where the sheet has a column with a
header that says "mail". Grades are scaled from the points here to the sheet's maximum, with the sheet's own decimal
sign. Feedback is HTML to Moodle (``mod/assign/feedback/comments``), so texts are escaped for HTML.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbook.course.files import replace_file
from workbook.course.model import CourseError
from workbook.course.points import points_text
from workbook.course.results import Verdict
from workbook.course.text import line
from workbook.grading.exports import marks, shown
from workbook.grading.exports.files import BOM, csv_text
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.exports.text import html_lines
from workbook.grading.gradebook import Gradebook, Learner, LearnerGrade, Standing

FILE = "moodle.csv"
HEADERS = {
    "identifier": "Identifier",
    "grade": "Grade",
    "maximum": "Maximum Grade",
    "feedback": "Feedback comments",
    "changeable": "Grade can be changed",
}
"""What we look for, and Moodle's English headers for it (``mod/assign/lang/en/assign.php``)."""

_LARGEST = 20_000_000
_ENDS_IN_NUMBER = re.compile(r".*\d", re.DOTALL)
_DECIMAL = re.compile(r"\d+(?:[.,]\d+)?")
_HOW = "download it with Moodle set to English"


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``moodle.csv`` from the sheet that ``options.moodle_worksheet`` names.

    Raises:
        CourseError: there is no sheet, or it is not Moodle's, or a column is not found.
    """
    text, notes = fill(book, check(options), options)
    return Written((replace_file(folder / FILE, text),), tuple(notes))


def check(options: Options) -> str:
    """The worksheet that is to be filled in.

    Raises:
        CourseError: there is none, or it cannot be read, or a column is not found.
    """
    if options.moodle_worksheet is None:
        raise CourseError("Moodle's grading worksheet is filled in, not made: download it from the assignment first.")
    sheet = _read(options.moodle_worksheet)
    _parsed(sheet, options)
    return sheet


def fill(book: Gradebook, sheet: str, options: Options = Options()) -> tuple[str, list[str]]:  # noqa: B008
    """Fill a worksheet in.

    Returns:
        The new text, and what the instructor should know.

    Raises:
        CourseError: it is no worksheet of Moodle's, or a column is not found.
    """
    mark = BOM if sheet.startswith(BOM) else ""
    line_end = "\r\n" if "\r\n" in sheet else "\n"
    header, rows, columns = _parsed(sheet, options)
    notes: list[str] = []
    known, met = _People(book), set[str]()
    for row in rows:
        whose = line(row[columns.identifier])
        grade = known.find(row, columns)
        reason = "not a learner of this class" if grade is None else _refusal(grade, row, columns, options.missing)
        if grade is not None and grade.learner.id in met:
            reason = f"a second row of {line(grade.learner.id)}"
        if grade is not None:
            met.add(grade.learner.id)
        if grade is None or reason:
            notes.append(f"{whose} is left as it is: {reason}.")
            continue
        row[columns.grade] = _scaled(book, grade, row, columns, options.missing)
        if columns.feedback is not None:
            row[columns.feedback] = feedback_html(grade)
    if columns.feedback is None:
        notes.append(f"The sheet has no column for feedback: only grades are filled in; if it has one, {_HOW}.")
    notes += [
        f"{line(grade.learner.id)} has a grade, and no row in the sheet."
        for grade in book.learners
        if grade.learner.id not in met and marks.final_points(grade, options.missing) is not None
    ]
    return mark + csv_text([header, *rows], line_end=line_end), notes


def _parsed(sheet: str, options: Options) -> tuple[list[str], list[list[str]], _Columns]:
    try:
        header, *rows = csv.reader(io.StringIO(sheet.removeprefix(BOM), newline=""), strict=True)
    except (csv.Error, ValueError):
        raise CourseError("This grading worksheet is not a CSV file with a header: download it again.") from None
    rows = [row for row in rows if row]
    if any(len(row) != len(header) for row in rows):
        raise CourseError("The rows of this grading worksheet are of different lengths: download it again.")
    return header, rows, _columns([text.strip() for text in header], rows, options.moodle_headers)


def feedback_html(grade: LearnerGrade) -> str:
    """A learner's feedback for Moodle: the points, and for each lesson the first thing that is to be mended."""
    parts = [f"{points_text(grade.points)} of {grade.max_points} points."]
    parts += [text for text in (shown.about_grade(grade), shown.about_lateness(grade)) if text]
    for lesson in grade.lessons if grade.standing is Standing.HANDED_IN else ():
        about = shown.about_lesson(grade, lesson)
        parts.append(
            f"Lesson {lesson.lesson}: {points_text(lesson.points)} of {lesson.max_points} points. {about}".rstrip()
        )
        first = lesson.result.first_problem if lesson.result else None
        if first is None or first.verdict is Verdict.PASSED:
            continue
        if first.verdict is Verdict.NOT_STARTED:
            parts.append(f"Exercise {first.exercise}, {first.title}: not started.")
        elif words := shown.explain(first):
            parts.append(f"Exercise {first.exercise}, {first.title}:\n{words}")
    return "".join(f"<p>{html_lines(part)}</p>" for part in parts)


@dataclass(frozen=True)
class _Columns:
    identifier: int
    grade: int
    maximum: int
    feedback: int | None
    changeable: int | None
    mail: int | None


class _People:
    """Who a row is about."""

    def __init__(self, book: Gradebook) -> None:
        self._by_identifier = _single(book, lambda learner: learner.moodle.get("Identifier", "").strip())
        self._by_mail = _single(book, lambda learner: learner.email.strip().casefold())

    def find(self, row: list[str], columns: _Columns) -> LearnerGrade | None:
        """The learner, if exactly one is meant."""
        found = self._by_identifier.get(row[columns.identifier].strip())
        if found is None and columns.mail is not None:
            found = self._by_mail.get(row[columns.mail].strip().casefold())
        return found


def _single(book: Gradebook, key: Callable[[Learner], str]) -> dict[str, LearnerGrade]:
    """Learners by a key; those who share one cannot be told apart by it, and are left out."""
    groups: dict[str, list[LearnerGrade]] = {}
    for grade in book.learners:
        groups.setdefault(key(grade.learner), []).append(grade)
    return {text: found[0] for text, found in groups.items() if text and len(found) == 1}


def _refusal(grade: LearnerGrade, row: list[str], columns: _Columns, missing: Missing) -> str:
    """Why a row is not filled in; empty where it is."""
    if marks.final_points(grade, missing) is None:
        return marks.why_no_grade(grade)
    if columns.changeable is not None and row[columns.changeable].strip() == "No":
        return "Moodle says that its grade cannot be changed"
    if not _DECIMAL.fullmatch(row[columns.maximum].strip()):
        return "the sheet has no number as its maximum (grades on a scale are not filled in)"
    return ""


def _scaled(book: Gradebook, grade: LearnerGrade, row: list[str], columns: _Columns, missing: Missing) -> str:
    maximum = row[columns.maximum].strip()
    points = marks.final_mark(book, grade, missing) or 0.0
    share = points / book.best_mark if book.best_mark else 0.0
    scaled = f"{share * float(maximum.replace(',', '.')):.2f}"
    return scaled.replace(".", ",") if "," in maximum else scaled


def _columns(header: list[str], rows: list[list[str]], named: Mapping[str, str]) -> _Columns:
    for key, title in named.items():
        if key not in HEADERS:
            raise CourseError(f"There is no column {key!r} to name in a worksheet: choose from {', '.join(HEADERS)}.")
        if title not in header:
            raise CourseError(f"The grading worksheet has no header {title!r}: it has {', '.join(header)}.")
    words = {**HEADERS, **named}
    found = {key: header.index(title) for key, title in words.items() if header.count(title) == 1}
    if "identifier" not in found and rows and all(_ENDS_IN_NUMBER.fullmatch(row[0].strip()) for row in rows):
        found["identifier"] = 0
    if "maximum" not in found:
        same = [place for place in range(1, len(header)) if _is_maximum([row[place].strip() for row in rows])]
        if len(same) == 1:
            found["maximum"] = same[0]
    if "grade" not in found and found.get("maximum", 0) > 0:
        found["grade"] = found["maximum"] - 1
    for key in ("identifier", "grade", "maximum"):
        if key not in found:
            raise CourseError(f"The grading worksheet has no column {HEADERS[key]!r}: {_HOW}.")
    mails = [place for place, text in enumerate(header) if "mail" in text.casefold()]
    return _Columns(
        found["identifier"],
        found["grade"],
        found["maximum"],
        found.get("feedback"),
        found.get("changeable"),
        mails[0] if len(mails) == 1 else None,
    )


def _is_maximum(cells: list[str]) -> bool:
    return len(set(cells)) == 1 and _DECIMAL.fullmatch(cells[0]) is not None


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise CourseError(f"{file.name} is too large for a grading worksheet: name the one that Moodle gave you.")
        return data.decode("utf-8")
    except OSError as fault:
        raise CourseError(f"{file.name} cannot be read, {fault.strerror}: name the worksheet from Moodle.") from None
    except UnicodeDecodeError:
        raise CourseError(f"{file.name} is not UTF-8: name the worksheet as Moodle gave it, not saved anew.") from None
