"""What a class hands in, and what its instructor says of it: lessons, a class file, times, the work of one learner."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.course.model import Course, CourseError, Lesson

if TYPE_CHECKING:
    from workbook.grading.class_file import ClassFile
    from workbook.grading.intake.collect import Intake

_RANGE = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")


def read_lessons(course: Course, text: str) -> tuple[Lesson, ...]:
    """The lessons that ``1-3,7`` means, in order."""
    if not text.strip():
        return course.lessons
    numbers: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise CourseError(f"--lessons {text} is no list of lessons: write it like 1-3,7.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise CourseError(f"--lessons {text} runs backwards: write {last}-{first}.")
        numbers |= set(range(first, last + 1))
    return tuple(course.lesson(number) for number in sorted(numbers))


def read_term(file: Path | None) -> tuple[ClassFile, Path]:
    """What the class file says, and the folder where its paths begin; without one, nothing and here."""
    from workbook.grading.class_file import ClassFile, read_class_file

    return (ClassFile(), Path()) if file is None else (read_class_file(file), file.parent)


def known_times(said: Path | None, submissions: Path, worksheet: Path | None) -> Path | None:
    """The file that says when work came in: what the class file names, what was collected, or what Moodle gave."""
    from workbook.grading.intake.sources import TIMES

    collected = submissions / TIMES
    return said or (collected if collected.is_file() else worksheet)


def only_one(course: Course, folder: Path, numbers: list[int]) -> Intake:
    """One learner's own work as a class of one."""
    from workbook.grading.gradebook import Learner
    from workbook.grading.intake.collect import Intake, read_submission
    from workbook.grading.intake.limits import Limits
    from workbook.grading.intake.ours import Ours
    from workbook.grading.intake.sources import Source

    if not folder.exists():
        raise CourseError(f"There is no {folder} to grade.")
    name = os.environ.get("GITHUB_ACTOR") or folder.resolve().name
    submission = read_submission(Source(name, folder.resolve()), name, Ours(course), set(numbers), Limits())
    return Intake([(Learner(name), submission)])


def whom(intake: Intake, wanted: list[str]) -> frozenset[str]:
    """The learners that ``--regrade`` names, by their ids.

    Raises:
        CourseError: nobody has such an id.
    """
    known = {learner.id for learner, _ in intake.learners}
    for name in wanted:
        if name not in known:
            raise CourseError(f"--regrade {name}: nobody of that id is in this class.")
    return frozenset(wanted)
