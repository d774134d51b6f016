"""A lesson as it stands after one of its exercises: the later ones are still as in the starter.

It is made from the regions of the solution. Where exercises rewrite what earlier ones wrote, that is not enough: what
such a file is after exercise 2 stands beside it as ``main.py.2.starter``, and holds until the next one that there is.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from workbook.authoring.starters import STARTER, build_lesson
from workbook.course.model import Course, CourseError, Lesson, parse_exercise_id

if TYPE_CHECKING:
    from workbook.authoring.regions import Region
    from workbook.authoring.starters import BuiltLesson

_BLANK_LINES = re.compile(r"\n{4,}")


def solved_step(course: Course, lesson: Lesson, number: int) -> dict[str, str]:
    """The text files of a lesson after an exercise, by their path relative to the lesson folder.

    Args:
        course: the course.
        lesson: the lesson.
        number: the exercise's number in the lesson; after the last one it is the solution, after 0 the starter.

    Raises:
        CourseError: there are no solutions here, or their marks have a fault.
    """
    from workbook.authoring.errors import AuthoringError

    try:
        built = build_lesson(course, lesson)
    except AuthoringError as fault:
        raise CourseError(f"The solution of lesson {lesson.number} has a fault: {fault.faults[0]}") from fault
    texts: dict[str, str] = {}
    for name, content in step_files(course, built, number).items():
        with suppress(UnicodeDecodeError):
            texts[name] = content.decode()
    return texts


def step_files(course: Course, built: BuiltLesson, number: int) -> dict[str, bytes]:
    """The files of a built lesson after an exercise."""
    files = {name: _step(course, built, name, number) for name in built.solution}
    return {name: content for name, content in files.items() if content is not None}


def _step(course: Course, built: BuiltLesson, name: str, number: int) -> bytes | None:
    """A file after an exercise; None where it does not exist yet."""
    solution = built.solution[name]
    regions = built.regions.get(name, ())
    later = [region for region in regions if parse_exercise_id(region.exercise)[1] > number]
    if not later:
        return solution
    folder = course.solutions_dir / built.lesson.folder
    steps = (folder / f"{name}.{step}{STARTER}" for step in range(number, 0, -1))
    if written := next((file for file in steps if file.is_file()), None):
        return written.read_bytes()
    if (folder / f"{name}{STARTER}").is_file():
        return built.files[name]
    if name not in built.files:
        return None  # the learner makes it, in a later exercise
    lines = solution.decode().splitlines()
    for region in reversed(later):
        start = region.first - 1
        lines[start : start + len(region.solution.splitlines())] = _left(region)
    return _BLANK_LINES.sub("\n\n\n", "\n".join(lines).strip("\n") + "\n").encode()


def _left(region: Region) -> list[str]:
    return region.block.text.splitlines() if region.block else []
