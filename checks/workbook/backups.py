"""Copies of a learner's files, made before anything of theirs is replaced."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from workbook.course import Course, Lesson

FOLDER_NAME = "backups"


def keep(course: Course, lesson: Lesson, names: Iterable[str]) -> Path | None:
    """Copy files of the learner's lesson into a new folder below ``.workbook/backups``.

    Args:
        course: the course.
        lesson: the lesson whose files they are.
        names: paths relative to the lesson folder; those that do not exist are left out.

    Returns:
        The new folder, or None where none of the files exists.

    Raises:
        OSError: a copy cannot be made.
    """
    source = course.lessons_dir / lesson.folder
    present = [name for name in names if (source / name).is_file() or (source / name).is_symlink()]
    if not present:
        return None
    folder = _new_folder(course.state_dir / FOLDER_NAME, lesson)
    for name in present:
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, copy, follow_symlinks=False)
    return folder


def _new_folder(parent: Path, lesson: Lesson) -> Path:
    """A folder that did not exist before, named by the local time."""
    stamp = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    number = 1
    while True:
        folder = parent / (f"{stamp}-{lesson.folder}" if number == 1 else f"{stamp}-{lesson.folder}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return folder
