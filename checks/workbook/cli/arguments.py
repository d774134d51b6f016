"""Which lesson or exercise a person means: ``2``, ``2.3``, or nothing for where they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from workbook.course import progress
from workbook.course.model import Course, CourseError, Exercise, Lesson, folder_name

NAMED_TARGETS = ("lessons", "solutions")
_LESSON = re.compile(r"(?:lesson_)?(\d{1,2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """A lesson, or one exercise of it."""

    lesson: Lesson
    exercise: Exercise | None = None

    @property
    def name(self) -> str:
        """How it is spoken of: ``"lesson 2"`` or ``"exercise 2.3"``."""
        return f"exercise {self.exercise.id}" if self.exercise else f"lesson {self.lesson.number}"

    @property
    def id(self) -> str:
        """How it is typed: ``"2"`` or ``"2.3"``."""
        return self.exercise.id if self.exercise else str(self.lesson.number)

    def checks(self, course: Course) -> Path:
        """The folder or file that holds its checks.

        Raises:
            CourseError: there are none.
        """
        folder = course.checks_dir / self.lesson.folder
        if self.exercise is None:
            if folder.is_dir():
                return folder
        else:
            files = sorted(folder.glob(f"test_{self.exercise.number}_*.py"))
            if files:
                return files[0]
        raise CourseError(f"There are no checks for {self.name} in checks/{self.lesson.folder}.")


def find(course: Course, text: str) -> Choice:
    """Read ``"2"`` or ``"2.3"``.

    Raises:
        CourseError: the text has another form, or there is no such lesson or exercise.
    """
    match = _LESSON.fullmatch(text.strip())
    if match is not None:
        return Choice(course.lesson(int(match[1])))
    if "." not in text:
        raise CourseError(f"A lesson is written as a number, like 2, and an exercise like 2.3; {text!r} is neither.")
    exercise = course.exercise(text)
    return Choice(course.lesson(exercise.lesson), exercise)


def find_lesson(course: Course, text: str | None) -> Lesson:
    """The lesson of ``"2"`` or ``"2.3"``; without a text the one that the learner is in.

    Raises:
        CourseError: there is no such lesson, or every exercise has passed and none was named.
    """
    return find(course, text).lesson if text else course.lesson(current(course).lesson)


def current(course: Course) -> Exercise:
    """The earliest exercise that has not passed.

    Raises:
        CourseError: all have passed, so there is nothing to choose.
    """
    exercise = progress.load(course).current(course)
    if exercise is not None:
        return exercise
    if not course.lessons:
        raise CourseError("The course has no lessons yet: lessons/ holds no lesson_NN/lesson.toml.")
    raise CourseError("Every exercise has passed: say which lesson you mean, like 1.")


def find_target(course: Course, text: str) -> Path:
    """The folder that holds the ``lesson_NN`` folders to use.

    Args:
        course: the course.
        text: ``"lessons"``, ``"solutions"``, or the path of a folder, relative to where the person stands.

    Raises:
        CourseError: there is no such folder.
    """
    folder = course.root / text if text in NAMED_TARGETS else Path(text).expanduser().resolve()
    if folder.is_dir():
        return folder
    if text == "solutions":
        raise CourseError("The solutions are not part of this copy of the workbook: ask your instructor.")
    raise CourseError(
        f"There is no folder {text}: --target takes lessons, solutions, or a folder that holds lesson_NN folders."
    )


def lesson_in(target: Path, lesson: Lesson) -> Path:
    """The folder of a lesson in a target.

    Raises:
        CourseError: the target does not hold it.
    """
    folder = target / folder_name(lesson.number)
    if not folder.is_dir():
        raise CourseError(f"The target {target.name} has no folder {folder.name}.")
    return folder
