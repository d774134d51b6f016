"""``workbook solution``: how the workbook solves one exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli.console import YES_OPTION, ask, console
from workbook.course import progress
from workbook.course.model import HINT_LEVELS, CourseError, find_course

if TYPE_CHECKING:
    from rich.console import Console

    from workbook.course.model import Course, Exercise, Lesson


def solution(
    what: Annotated[str, typer.Argument(metavar="N.M", help="The exercise.")], yes: Annotated[bool, YES_OPTION] = False
) -> None:
    """Show what an exercise changes, solved: after yours has passed, or when you say that you want it.

    The files are shown as they are after this exercise, with the later ones still to be written.
    """
    course = find_course()
    exercise = course.exercise(what)
    parts = changed_by(course, exercise)
    if not may_be_shown(course, exercise, yes=yes):
        return
    out = console()
    out.print(f"Solution of {exercise.id} · {exercise.title}", style="bold")
    for name, text in parts.items():
        out.print()
        out.print(name, style="cyan")
        _print_code(out, name, text)
    out.print()
    out.print(f"Beside your own: workbook diff {exercise.id}")


def may_be_shown(course: Course, exercise: Exercise, *, yes: bool) -> bool:
    """Whether a solution may be shown: its exercise has passed, or the person says that they want it.

    Raises:
        CourseError: nobody is there to answer.
    """
    known = progress.load(course)
    if known.has_passed(exercise.id):
        return True
    left = HINT_LEVELS - known.hint_level(exercise.id)
    hints = f" ({left} of {HINT_LEVELS} hints are left)" if left else ""
    if ask(f"Exercise {exercise.id} has not passed yet{hints}. Show the solution?", yes=yes):
        return True
    print(f"Not shown. The next hint: workbook hint {exercise.id}" if left else "Not shown.")
    return False


def need_solutions(course: Course, lesson: Lesson) -> None:
    """Refuse where there is nothing to show.

    Raises:
        CourseError: this copy of the workbook holds no solutions.
    """
    if not (course.solutions_dir / lesson.folder).is_dir():
        raise CourseError("The solutions are not part of this copy of the workbook: ask your instructor.")


def changed_by(course: Course, exercise: Exercise) -> dict[str, str]:
    """The files that an exercise changes or makes, as they are after it; its own files come first.

    Raises:
        CourseError: there are no solutions here, or their marks have a fault.
    """
    lesson = course.lesson(exercise.lesson)
    need_solutions(course, lesson)
    from workbook.authoring.steps import solved_step

    before, after = (solved_step(course, lesson, number) for number in (exercise.number - 1, exercise.number))
    changed = [name for name, text in after.items() if before.get(name) != text]
    ordered = [*(name for name in exercise.files if name in changed), *changed]
    return {name: after[name] for name in ordered or exercise.files if name in after}


def _print_code(out: Console, name: str, text: str) -> None:
    if not out.is_terminal:
        out.print(text.rstrip(), soft_wrap=True)
        return
    from rich.syntax import Syntax

    lexer = Syntax.guess_lexer(name, text)
    out.print(Syntax(text.rstrip(), lexer, theme="ansi_dark", background_color="default"), soft_wrap=True)
