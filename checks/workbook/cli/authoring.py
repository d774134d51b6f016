"""``workbook build`` and ``workbook verify``: for those who write lessons."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import arguments
from workbook.cli.console import console
from workbook.course.model import CourseError, find_course, folder_name

if TYPE_CHECKING:
    from workbook.course.model import Course

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
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Instead: does a check notice each small change of the solution?")
    ] = False,
    sample: Annotated[
        str | None,
        typer.Option("--sample", metavar="N", help="Only N variants of a kind, damaged files or mutants of each."),
    ] = None,
    seed: Annotated[str | None, typer.Option("--seed", metavar="N", help="Repeat a run with the same seed.")] = None,
) -> None:
    """Prove that lessons are right: solutions pass, starters do not, wrong variants fail where they should."""
    course = find_course()
    chosen, at_once = _numbers(course, lessons), _number("--jobs", jobs)
    tried = None if sample is None else _number("--sample", sample)
    seeded = random.SystemRandom().randrange(10**6) if seed is None else _number("--seed", seed, least=0)
    if mutants:
        from workbook.authoring.mutation import verify_mutants

        code = verify_mutants(course, chosen, sample=tried, seed=seeded, jobs=at_once, console=console())
    else:
        from workbook.authoring.verify import verify as run

        code = run(course, chosen, jobs=at_once, notebooks=notebooks, sample=tried, seed=seeded, console=console())
    raise typer.Exit(code)


def _number(option: str, text: str, least: int = 1) -> int:
    if not text.isdecimal() or int(text) < least:
        raise CourseError(f"{option} takes a number from {least} on; {text!r} is not.")
    return int(text)


def _numbers(course: Course, texts: list[str] | None) -> list[int] | None:
    if not texts:
        return None
    for text in texts:
        place = f"lessons/{folder_name(int(text))}/lesson.toml" if text.isdecimal() else ""
        if place and not (course.root / place).is_file():
            raise CourseError(f"{place} is missing: workbook new {text} NAME makes the skeleton of a lesson.")
    return [arguments.find(course, text).lesson.number for text in texts]
