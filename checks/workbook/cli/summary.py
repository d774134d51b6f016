"""What ``workbook grade`` says at its end: to a person, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from workbook.cli.console import console, count, print_json
from workbook.course.text import line
from workbook.grading.exports.options import Written
from workbook.grading.exports.text import loggable
from workbook.grading.gradebook import Gradebook, Standing

_LISTED = 10


def print_facts(book: Gradebook, page: Path, written: Written, *, graded: int) -> None:
    """Print the outcome as JSON."""
    facts: dict[str, Any] = {
        "learners": len(book.learners),
        "standing": {standing.value: _number(book, standing) for standing in Standing},
        "lesson_grades_made": graded,
        "grader_errors": [f"{entry.learner.id}: {text}" for entry in book.learners for text in entry.grader_errors],
        "not_written": list(written.failed),
        "isolated": book.isolated,
        "isolation": book.isolation,
        "report": str(page),
    }
    print_json(facts)


def tell(book: Gradebook, page: Path, written: Written, *, graded: int, seconds: float) -> None:
    """Say how a run ended, what somebody should look at, and where the results are.

    Args:
        book: the class.
        page: the report.
        written: the exports.
        graded: how many lesson-grades were made; the others were known.
        seconds: how long that took.
    """
    shown = console()
    errors = [f"{entry.learner.id}, {text}" for entry in book.learners for text in entry.grader_errors]
    if errors:
        shown.print(f"{count(len(errors), 'grader error')}: faults of ours, which cost nobody points.")
        shown.print("Mend the check that is named, if one is, and grade again.")
        _list(errors, "in the report")
    late = sum(entry.lateness.days > 0 for entry in book.learners)
    stray = [entry.learner.id for entry in book.learners if not entry.learner.in_roster]
    shown.print(
        f"{count(len(book.learners), 'learner')}: {_number(book, Standing.HANDED_IN)} handed in, "
        f"{_number(book, Standing.MISSING)} did not, {_number(book, Standing.INVALID)} with an invalid upload"
        f"{f'; {late} late' if late else ''}{f'; {len(stray)} not in the roster' if stray else ''}."
    )
    _list(
        [f"{entry.learner.id}: {entry.problem}" for entry in book.learners if entry.problem]
        + [f"{name}: not in the roster; if it is somebody's, rename the upload to their id." for name in stray],
        "in the report",
    )
    if graded:
        shown.print(f"{count(graded, 'lesson-grade')} made in {seconds:.0f} s.")
    if book.warning:
        shown.print(f"{book.warning} {book.isolation}.")
    for text in written.failed:
        shown.print(text)
    for note in written.notes[:_LISTED]:
        shown.print(loggable(note))
    if len(written.notes) > _LISTED:
        shown.print(f"and {len(written.notes) - _LISTED} more notes like these")
    shown.print(f"Report: {page}")
    if written.files:
        shown.print(f"Beside it: {', '.join(_beside(page.parent, written.files))}.")


def _number(book: Gradebook, standing: Standing) -> int:
    return sum(entry.standing is standing for entry in book.learners)


def _list(texts: Sequence[str], where: str) -> None:
    """Print learners' words in lines that a terminal, or the log of a CI system, may be shown."""
    for text in texts[:_LISTED]:
        console().print(f"  {loggable(line(text))}")
    if len(texts) > _LISTED:
        console().print(f"  and {len(texts) - _LISTED} more, {where}")


def _beside(folder: Path, files: Iterable[Path]) -> list[str]:
    """The files in a folder, and the folders in it that hold others."""
    names = (file.relative_to(folder).as_posix().partition("/") for file in files)
    return sorted({name + slash for name, slash, _ in names})
