"""``workbook diff``: your own work beside the solution."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import place, solved
from workbook.cli.talk import console
from workbook.course import find_course

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.course import Course

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def diff(what: Annotated[str, typer.Argument(metavar="N[.M]", help="A lesson, or one exercise's files.")]) -> None:
    """Compare your work with the solution: - is yours, + is the solution."""
    course = find_course()
    chosen = place.find(course, what)
    lines = list(_compare(course, chosen))
    out = console()
    if not lines:
        out.print(f"Your files of {chosen.name} are the same as the solution.")
        return
    for line in lines:
        style = "bold" if line.startswith(("+++", "---", "Only")) else _STYLES.get(line[:1], "")
        out.print(line, style=style, soft_wrap=True)


def _compare(course: Course, chosen: place.Place) -> Iterator[str]:
    lesson = chosen.lesson
    theirs = solved.solved_texts(course, lesson)
    own = solved.text_files(place.lesson_in(course.lessons_dir, lesson))
    names = chosen.exercise.files if chosen.exercise else sorted(theirs)
    for name in names:
        yield from _unified(own.get(name, ""), theirs.get(name, ""), f"{lesson.folder}/{name}")
    if chosen.exercise is None:
        for name in sorted(own.keys() - theirs.keys()):
            yield f"Only in yours: lessons/{lesson.folder}/{name}"


def _unified(own: str, theirs: str, name: str) -> Iterator[str]:
    yield from difflib.unified_diff(
        own.splitlines(), theirs.splitlines(), fromfile=f"lessons/{name}", tofile=f"solutions/{name}", lineterm=""
    )
