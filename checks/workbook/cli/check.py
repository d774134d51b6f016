"""``workbook check``: the same checks, output and exit code as pytest, from any folder."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import arguments
from workbook.cli.checks_process import checks_command
from workbook.cli.console import JSON_OPTION, TARGET_OPTION
from workbook.course.model import Course, CourseError, find_course

if TYPE_CHECKING:
    from collections.abc import Sequence

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def check(
    context: typer.Context,
    what: Annotated[
        list[str] | None, typer.Argument(metavar="N[.M]…", help="Lessons or exercises; else where you are.")
    ] = None,
    target: Annotated[str | None, TARGET_OPTION] = None,
    json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Check a lesson (2) or one exercise (2.3). Options that are not listed here go to pytest, such as -x or -v."""
    course = find_course()
    words = [*(what or []), *context.args]
    first_option = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    wanted, extra = words[:first_option], words[first_option:]
    if extra and re.fullmatch(r"-\d.*", extra[0]):
        raise CourseError(f"No such option: {extra[0]}: see `workbook check --help`.")
    command = [*arguments_for(course, wanted, target), *extra]
    raise typer.Exit(_print_report(command) if json else _run(command))


def arguments_for(course: Course, wanted: Sequence[str], target: str | None) -> list[str]:
    """What pytest is given to check lessons and exercises.

    Args:
        course: the course.
        wanted: each ``"2"`` or ``"2.3"``; nothing for the lesson that the learner is in.
        target: as a person writes it, or None for their own lessons.

    Raises:
        CourseError: there is no such lesson, exercise, or target.
    """
    choices = [arguments.find(course, text) for text in wanted]
    if not choices:
        choices = [arguments.Choice(course.lesson(arguments.current(course).lesson))]
    command = [str(choice.checks(course)) for choice in choices]
    if target is not None:
        folder = arguments.find_target(course, target)
        for choice in choices:
            arguments.lesson_in(folder, choice.lesson)
        command += ["--target", target if target in arguments.NAMED_TARGETS else str(folder)]
    return command


def _run(command: list[str]) -> int:
    import pytest

    return int(pytest.main(command))


def _print_report(command: list[str]) -> int:
    import subprocess

    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        file = Path(folder) / "report.json"
        run = subprocess.run(
            checks_command([*command, "--report-json", str(file)]),
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
