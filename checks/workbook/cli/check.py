"""``workbook check``: the same checks, output and exit code as pytest, from any folder."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from workbook.cli import place
from workbook.cli.checks_process import checks_command
from workbook.cli.talk import JSON_OPTION, TARGET_OPTION
from workbook.course import Course, CourseError, find_course

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def check(
    context: typer.Context,
    what: Annotated[
        str | None, typer.Argument(metavar="N[.M]", help="A lesson or an exercise; else where you are.")
    ] = None,
    target: Annotated[str | None, TARGET_OPTION] = None,
    json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Check a lesson (2) or one exercise (2.3). Options that are not listed here go to pytest, such as -x or -v."""
    course = find_course()
    extra = list(context.args)
    if what is not None and what.startswith("-"):  # an option for pytest, and no lesson before it
        what, extra = None, [what, *extra]
    arguments = [*arguments_for(course, what, target), *extra]
    raise typer.Exit(_print_report(arguments) if json else _run(arguments))


def arguments_for(course: Course, what: str | None, target: str | None) -> list[str]:
    """What pytest is given to check a lesson or an exercise.

    Args:
        course: the course.
        what: ``"2"`` or ``"2.3"``; None for the lesson that the learner is in.
        target: as a person writes it, or None for their own lessons.

    Raises:
        CourseError: there is no such lesson, exercise, or target.
    """
    chosen = place.find(course, what) if what else place.Place(course.lesson(place.current(course).lesson))
    arguments = [str(chosen.checks(course))]
    if target is not None:
        folder = place.find_target(course, target)
        place.lesson_in(folder, chosen.lesson)
        arguments += ["--target", target if target in place.NAMED_TARGETS else str(folder)]
    return arguments


def _run(arguments: list[str]) -> int:
    import pytest

    return int(pytest.main(arguments))


def _print_report(arguments: list[str]) -> int:
    import subprocess

    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        file = Path(folder) / "report.json"
        run = subprocess.run(
            checks_command([*arguments, "--report-json", str(file)]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if not file.is_file():
            raise CourseError(f"The checks did not run: {_last_words(run.stderr)}.")
        print(file.read_text(encoding="utf-8"))
        return run.returncode


def _last_words(errors: str) -> str:
    lines = errors.strip().splitlines() or ["they wrote no report"]
    return lines[-1].removeprefix("E ").strip().rstrip(".")
