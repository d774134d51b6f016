"""``workbook diff``: your own work beside the solution."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import arguments
from workbook.cli.console import YES_OPTION, console
from workbook.cli.solution import changed_by, may_be_shown, need_solutions
from workbook.course import progress
from workbook.course.lesson_files import text_files
from workbook.course.model import find_course

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.course.model import Course, Exercise

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def diff(
    what: Annotated[str, typer.Argument(metavar="N[.M]", help="A lesson, or one exercise's files.")],
    yes: Annotated[bool, YES_OPTION] = False,
) -> None:
    """Compare your work with the solution: - is yours, + is the solution.

    An exercise is compared with what its files are after the last exercise of the lesson that you have passed.
    """
    course = find_course()
    chosen = arguments.find(course, what)
    lines = list(_compare(course, chosen))
    known = progress.load(course)
    shown = [chosen.exercise] if chosen.exercise else list(chosen.lesson.exercises)
    secret = next((exercise for exercise in shown if not known.has_passed(exercise.id)), None)
    if lines and secret is not None and not may_be_shown(course, secret, yes=yes):
        return
    out = console()
    if not lines:
        out.print(f"Your files of {chosen.name} are the same as the solution.")
        return
    for line in lines:
        style = "bold" if line.startswith(("+++", "---", "Only")) else _STYLES.get(line[:1], "")
        out.print(line, style=style, soft_wrap=True)


def _compare(course: Course, chosen: arguments.Choice) -> Iterator[str]:
    lesson = chosen.lesson
    need_solutions(course, lesson)
    from workbook.authoring.steps import solved_step

    own = text_files(arguments.lesson_in(course.lessons_dir, lesson))
    if chosen.exercise is None:
        theirs = solved_step(course, lesson, lesson.exercises[-1].number)
        names = sorted(theirs)
    else:
        theirs = solved_step(course, lesson, _furthest(course, chosen.exercise))
        changed = changed_by(course, chosen.exercise)
        names = [*chosen.exercise.files, *(name for name in changed if name not in chosen.exercise.files)]
    for name in names:
        yield from _unified(own.get(name, ""), theirs.get(name, ""), f"{lesson.folder}/{name}")
    if chosen.exercise is None:
        for name in sorted(own.keys() - theirs.keys()):
            yield f"Only in yours: lessons/{lesson.folder}/{name}"


def _furthest(course: Course, exercise: Exercise) -> int:
    """The last exercise of a lesson that has passed, this one at least: what a learner's files may hold by now."""
    known = progress.load(course)
    passed = [other.number for other in course.lesson(exercise.lesson).exercises if known.has_passed(other.id)]
    return max([exercise.number, *passed])


def _unified(own: str, theirs: str, name: str) -> Iterator[str]:
    yield from difflib.unified_diff(
        own.splitlines(), theirs.splitlines(), fromfile=f"lessons/{name}", tofile=f"solutions/{name}", lineterm=""
    )
