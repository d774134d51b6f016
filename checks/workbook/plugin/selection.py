"""Which lessons and exercises a pytest run is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from workbook.course.model import Course, CourseError
from workbook.plugin.run import Target

_LESSON = re.compile(r"lesson_(\d{2})")
_CHECK_FILE = re.compile(r"test_(\d{1,2})_\w+\.py")


@dataclass(frozen=True)
class Selection:
    """What the words on the command line choose."""

    lessons: tuple[int, ...]
    """The lessons whose checks may run, in order."""
    tool_tests: bool
    """Whether the tests of the workbook itself were asked for by name."""


def select(course: Course, arguments: list[str], start: Path) -> Selection:
    """Read the paths and node ids that pytest was given.

    Args:
        course: the course whose checks they are.
        arguments: pytest's ``config.args``: paths, perhaps with ``::name``.
        start: the folder that relative paths start from.
    """
    lessons: set[int] = set()
    tool_tests = False
    for argument in arguments:
        path = (start / argument.partition("::")[0]).resolve()
        if not path.is_relative_to(course.checks_dir):
            if course.checks_dir.is_relative_to(path):
                lessons |= _all_lessons(course)
            continue
        parts = path.relative_to(course.checks_dir).parts
        if not parts:
            lessons |= _all_lessons(course)
        elif match := _LESSON.fullmatch(parts[0]):
            lessons.add(int(match[1]))
        elif parts[0] == "tests":
            tool_tests = True
    return Selection(tuple(sorted(lessons)), tool_tests)


def exercise_of(course: Course, path: Path) -> tuple[int, int] | None:
    """The lesson and exercise that a file of checks belongs to, or None for any other file."""
    if path.parent.parent != course.checks_dir:
        return None
    folder, file = _LESSON.fullmatch(path.parent.name), _CHECK_FILE.fullmatch(path.name)
    return (int(folder[1]), int(file[1])) if folder and file else None


def find_target(course: Course, text: str, start: Path) -> Target:
    """The target that ``--target`` names: a folder of the course, or any path.

    Raises:
        CourseError: there is no such folder, or it holds no lessons.
    """
    for folder, label in ((start / text, text), (course.root / text, text)):
        if folder.is_dir():
            folder = folder.resolve()
            if not any(folder.glob("lesson_[0-9][0-9]")):
                raise CourseError(f"The target {text} holds no lesson_NN folder: name the folder above them.")
            if folder.parent == course.root:
                label = folder.name
            return Target(folder, label.rstrip("/") or ".")
    raise CourseError(f"There is no folder {text} to check: name lessons, solutions, or a path.")


def _all_lessons(course: Course) -> set[int]:
    return {int(folder.name.removeprefix("lesson_")) for folder in course.checks_dir.glob("lesson_[0-9][0-9]")}
