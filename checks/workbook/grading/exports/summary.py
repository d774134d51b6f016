"""``summary.md``: the class on one page, for ``$GITHUB_STEP_SUMMARY``. It is for the instructor.

GitHub takes no more than 1 MiB for a step (docs, "Workflow commands for GitHub Actions"), so a very large table is cut,
and says so. Names are escaped: no learner's text becomes markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median

from workbook.course.files import replace_file
from workbook.course.points import points_text
from workbook.course.text import line
from workbook.grading.exports import marks
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.exports.text import markdown
from workbook.grading.gradebook import Gradebook, LearnerGrade, Standing

FILE = "summary.md"
_LIMIT = 1_000_000
"""Bytes; some room below 1 MiB, because other steps' text may be appended to the same file."""
_FAULTS_SHOWN = 50


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``summary.md``."""
    return Written((replace_file(folder / FILE, summary(book, options.missing)),))


def summary(book: Gradebook, missing: Missing = Missing.EMPTY) -> str:
    """The class in Markdown."""
    text = "\n".join(_head(book)) + "\n"
    room = _LIMIT - len(text.encode("utf-8", "replace")) - 200
    for position, grade in enumerate(book.learners):
        row = _row(book, grade, missing)
        room -= len(row.encode("utf-8", "replace"))
        if room < 0:
            return text + f"\nAnd {len(book.learners) - position} more: see `grades.csv`.\n"
        text += row
    return text


def _head(book: Gradebook) -> Iterator[str]:
    count = {standing: sum(grade.standing is standing for grade in book.learners) for standing in Standing}
    errors = [(grade, fault) for grade in book.learners for fault in grade.grader_errors]
    graded = [grade for grade in book.learners if grade.standing is Standing.HANDED_IN and marks.is_final(grade)]
    points = [grade.points for grade in graded]
    yield f"## {markdown(book.course)}: {len(book.learners)} learners"
    yield ""
    if not book.isolated:
        yield f"> **{book.warning}** {markdown(book.isolation)}"
        yield ""
    if errors:
        yield f"### Grader errors: {len(errors)}"
        yield ""
        yield "These are faults of ours; nobody loses points for them. Grade again before the grades are given out."
        yield ""
        yield from (f"- {_name(grade)}: {markdown(line(fault, 300))}" for grade, fault in errors[:_FAULTS_SHOWN])
        if len(errors) > _FAULTS_SHOWN:
            yield f"- and {len(errors) - _FAULTS_SHOWN} more"
        yield ""
    unstable = sum(bool(lesson.unstable) for grade in book.learners for lesson in grade.lessons)
    facts = {
        "handed in": count[Standing.HANDED_IN],
        "handed nothing in": count[Standing.MISSING],
        "invalid upload": count[Standing.INVALID],
        "not in the roster": sum(not grade.learner.in_roster for grade in book.learners),
        "late": sum(grade.lateness.days > 0 for grade in book.learners),
        "unstable lessons": unstable,
    }
    yield ", ".join(f"{amount} {what}" for what, amount in facts.items() if amount) + "."
    invalid = [grade for grade in book.learners if grade.standing is Standing.INVALID]
    if invalid:
        yield ""
        yield "Invalid uploads:"
        yield ""
        yield from (f"- {_name(grade)}: {markdown(line(grade.problem, 300))}" for grade in invalid[:_FAULTS_SHOWN])
        if len(invalid) > _FAULTS_SHOWN:
            yield f"- and {len(invalid) - _FAULTS_SHOWN} more"
        yield ""
    if points:
        yield (
            f"Points of the {len(points)} who could be graded: {points_text(mean(points))} on average, "
            f"median {points_text(median(points))}, of {book.max_points}."
        )
    if book.policy:
        yield markdown(book.policy)
    yield ""
    lessons = [f"Lesson {lesson.number} (of {lesson.max_points})" for lesson in book.lessons]
    columns = ["Learner", *lessons, "Off", f"Points (of {book.max_points})", "Look at"]
    yield f"| {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * (len(lessons) + 2)} --- |"


def _row(book: Gradebook, grade: LearnerGrade, missing: Missing) -> str:
    have = {lesson.lesson: marks.lesson_points(grade, lesson) for lesson in grade.lessons}
    absent = grade.standing is Standing.MISSING and missing is Missing.EMPTY
    cells = [_points(None if absent else have.get(lesson.number)) for lesson in book.lessons]
    off = f"{grade.lateness.percent:g} %" if grade.lateness.percent else ""
    total = _points(marks.final_points(grade, missing))
    flags = markdown("; ".join(marks.flags(grade)))
    return f"| {' | '.join([_name(grade), *cells, off, total, flags])} |\n"


def _name(grade: LearnerGrade) -> str:
    return f"{markdown(line(grade.learner.id, 60))} {markdown(line(grade.learner.name, 60))}".strip()


def _points(points: float | None) -> str:
    return "" if points is None else points_text(points)
