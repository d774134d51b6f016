"""An instructor's own checks: a folder of ``lesson_NN/test_M_words.py``, laid out like ``checks``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from workbook.course.model import CourseError, Lesson

_FILE = re.compile(r"test_(\d{1,2})_\w+\.py")
_BYTES = 1_000_000


def read_hidden(folder: Path, lessons: Iterable[Lesson]) -> dict[str, bytes]:
    """Read the instructor's checks of some lessons.

    Args:
        folder: holds ``lesson_NN/test_M_words.py``; M is the exercise that the checks decide about.
        lessons: the lessons that are graded.

    Returns:
        The files by ``lesson_NN/test_M_words.py``.

    Raises:
        CourseError: there is no such folder, it holds nothing for these lessons, or a file fits no exercise.
    """
    if not folder.is_dir():
        raise CourseError(f"There is no folder {folder} with further checks.")
    found: dict[str, bytes] = {}
    for lesson in lessons:
        for file in sorted((folder / lesson.folder).glob("*.py")):
            match = _FILE.fullmatch(file.name)
            if match is None or not 1 <= int(match[1]) <= len(lesson.exercises):
                raise CourseError(
                    f"{lesson.folder}/{file.name} belongs to no exercise: call it test_M_words.py, "
                    f"with M from 1 to {len(lesson.exercises)}."
                )
            if file.stat().st_size > _BYTES:
                raise CourseError(f"{lesson.folder}/{file.name} is longer than a file of checks can be.")
            found[f"{lesson.folder}/{file.name}"] = file.read_bytes()
    if not found:
        raise CourseError(f"{folder} holds no lesson_NN/test_M_words.py for the lessons that are graded.")
    return found
