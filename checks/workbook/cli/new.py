"""``workbook new``: begin a lesson."""

from __future__ import annotations

from typing import Annotated

import typer

from workbook.course.model import CourseError, find_course


def new(
    number: Annotated[str, typer.Argument(metavar="N", help="The next lesson's number.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its short name, like crud.")],
) -> None:
    """Begin a lesson: a skeleton made from the last solution, and every line that is left to write."""
    from workbook.authoring.errors import AuthoringError
    from workbook.authoring.new import new_lesson, unwritten
    from workbook.authoring.starters import build_lesson

    course = find_course()
    if not number.isdecimal():
        raise CourseError(f"A lesson is written as a number, like 4; {number!r} is not.")
    try:
        made = new_lesson(course, int(number), name)
    except AuthoringError as error:
        print("\n".join(error.faults))
        raise typer.Exit(1) from None
    lesson = made.lesson
    print(f"Lesson {lesson.number} is begun:", *(f"  {file}" for file in made.files), sep="\n")
    if made.changed:
        print(f"  and {' and '.join(made.changed)} know of it")
    left = [*unwritten(course, lesson), *made.left]
    try:
        build_lesson(course, lesson)
    except AuthoringError as error:
        left += error.faults
    print("Left to write:", *(f"  {line}" for line in left), sep="\n")
    print(f"Then: workbook build {lesson.number}, workbook verify {lesson.number}; each names what is left.")
