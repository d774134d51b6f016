"""``workbook override``: points by hand, with a reason; they survive every regrade."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli.console import console
from workbook.course.model import CourseError, find_course
from workbook.course.points import points_text

if TYPE_CHECKING:
    from workbook.course.model import Exercise
    from workbook.grading.changes import Change


def override(
    who: Annotated[str | None, typer.Argument(metavar="WHO", help="A learner's id; without it, the log.")] = None,
    what: Annotated[str | None, typer.Argument(metavar="N.M", help="The exercise.")] = None,
    points: Annotated[float | None, typer.Option(help="What it is worth now, from 0 to what it can earn.")] = None,
    because: Annotated[str, typer.Option(help="Why; the learner reads it.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="What the checks say counts again.")] = False,
    out: Annotated[Path, typer.Option(help="The folder of the results.")] = Path("grades"),
    by: Annotated[str, typer.Option(help="Who decides; else your login.")] = "",
) -> None:
    """Give an exercise points by hand. The next workbook grade shows it in the report and in every export."""
    from workbook.grading.changes import Change, ChangeKind
    from workbook.grading.run.grade_class import decide, read_changes

    if who is None:
        for change in read_changes(out):
            console().print(_line(change), soft_wrap=True)
        return
    if what is None:
        raise CourseError('Say which exercise, like workbook override ada 2.3 --points 3 --because "…".')
    exercise = find_course().exercise(what)
    words = " ".join(because.split())
    if not words:
        raise CourseError("Say why, with --because: the learner reads it, and so do you, next term.")
    kind = ChangeKind.WITHDRAW if withdraw else ChangeKind.OVERRIDE
    value = None if withdraw else _points(points, exercise)
    change = Change(kind, who, exercise.id, value, words, by or getpass.getuser(), datetime.now(UTC))
    decide(out, change)
    print(f"Noted: {_line(change)}")
    print("The next workbook grade puts it into the report and every export; nothing is graded anew for it.")


def _points(points: float | None, exercise: Exercise) -> float:
    if points is None:
        raise CourseError("Say how many points, with --points; or --withdraw, so that the checks decide again.")
    if not 0 <= points <= exercise.points:
        raise CourseError(f"Exercise {exercise.id} is worth from 0 to {exercise.points} points, not {points:g}.")
    return round(points, 2)


def _line(change: Change) -> str:
    """A decision as a line of the log."""
    when = change.at.astimezone().strftime("%Y-%m-%d %H:%M")
    did = {
        "override": f"{change.exercise} is worth {points_text(change.points or 0.0)} points",
        "withdraw": f"{change.exercise} is worth what the checks say",
        "regrade": "graded anew",
    }[change.kind.value]
    reason = f", because: {change.because}" if change.because else ""
    return f"{when} {change.by}: {change.learner}: {did}{reason}"
