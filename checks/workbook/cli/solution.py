"""``workbook solution``: how the workbook solves one exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbook import progress
from workbook.cli import solved
from workbook.cli.talk import YES_OPTION, ask, console
from workbook.course import HINT_LEVELS, find_course

if TYPE_CHECKING:
    from rich.console import Console

    from workbook.course import Course, Exercise


def solution(
    what: Annotated[str, typer.Argument(metavar="N.M", help="The exercise.")], yes: Annotated[bool, YES_OPTION] = False
) -> None:
    """Show how the workbook solves an exercise: after yours has passed, or when you say that you want it."""
    course = find_course()
    exercise = course.exercise(what)
    parts = _parts(course, exercise)
    known = progress.load(course)
    if not known.has_passed(exercise.id):
        left = HINT_LEVELS - known.hint_level(exercise.id)
        hints = f" ({left} of {HINT_LEVELS} hints are left)" if left else ""
        if not ask(f"Exercise {exercise.id} has not passed yet{hints}. Show the solution?", yes=yes):
            print(f"Not shown. The next hint: workbook hint {exercise.id}" if left else "Not shown.")
            return
    out = console()
    out.print(f"Solution of {exercise.id} · {exercise.title}", style="bold")
    for name, text in parts:
        out.print()
        out.print(name, style="cyan")
        _print_code(out, name, text)
    out.print()
    out.print(f"Beside your own: workbook diff {exercise.id}")


def _parts(course: Course, exercise: Exercise) -> list[tuple[str, str]]:
    """The pieces of the solution that belong to an exercise, each with its file; else its files as a whole.

    Raises:
        CourseError: there are no solutions here, or their marks have a fault.
    """
    lesson = course.lesson(exercise.lesson)
    marked = solved.marked_files(course, lesson)
    order = [
        *(name for name in exercise.files if name in marked),
        *(name for name in marked if name not in exercise.files),
    ]
    pieces = [
        (name, region.solution)
        for name in order
        for region in marked[name].regions
        if region.exercise == exercise.id and region.solution.strip()
    ]
    if pieces:
        return pieces
    texts = solved.solved_texts(course, lesson)
    return [(name, texts[name]) for name in exercise.files if name in texts]


def _print_code(out: Console, name: str, text: str) -> None:
    if not out.is_terminal:
        out.print(text.rstrip(), soft_wrap=True)
        return
    from rich.syntax import Syntax

    lexer = Syntax.guess_lexer(name, text)
    out.print(Syntax(text.rstrip(), lexer, theme="ansi_dark", background_color="default"), soft_wrap=True)
