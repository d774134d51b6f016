"""``workbook build`` and ``workbook verify``: for those who write lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import place
from workbook.cli.talk import console
from workbook.course import CourseError, find_course

if TYPE_CHECKING:
    from workbook.course import Course

_LESSONS = typer.Argument(metavar="N", help="Lessons; else all of them.")


def build(
    lessons: Annotated[list[str] | None, _LESSONS] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail where something differs.")] = False,
    notebooks: Annotated[
        bool, typer.Option("--notebooks/--no-notebooks", help="Run and build the notebooks too.")
    ] = True,
) -> None:
    """Make the starters and the notebooks from the solutions and the notebook sources."""
    from workbook.authoring.build import build as run

    course = find_course()
    raise typer.Exit(run(course, _numbers(course, lessons), check=check, notebooks=notebooks, console=console()))


def verify(
    lessons: Annotated[list[str] | None, _LESSONS] = None,
    jobs: Annotated[str, typer.Option("--jobs", "-j", metavar="N", help="How many proofs run at once.")] = "2",
    notebooks: Annotated[
        bool, typer.Option("--notebooks/--no-notebooks", help="Run the notebooks too, on the solution and the starter.")
    ] = True,
) -> None:
    """Prove that lessons are right: solutions pass, starters do not, wrong variants fail where they should."""
    from workbook.authoring.verify import verify as run

    course = find_course()
    if not jobs.isdecimal() or int(jobs) < 1:
        raise CourseError(f"--jobs takes a number from 1 on; {jobs!r} is not.")
    raise typer.Exit(run(course, _numbers(course, lessons), jobs=int(jobs), notebooks=notebooks, console=console()))


def _numbers(course: Course, texts: list[str] | None) -> list[int] | None:
    return [place.find(course, text).lesson.number for text in texts] if texts else None
