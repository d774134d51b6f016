"""Copies of files, made before anything is replaced that somebody may have worked on."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from workbook.course.model import Course, Lesson

FOLDER_NAME = "backups"


class Backups:
    """One folder of copies below ``.workbook/backups``; it is made with the first of them."""

    def __init__(self, course: Course, label: str = "") -> None:
        """Make nothing yet.

        Args:
            course: the course.
            label: the end of the folder's name, behind the local time.
        """
        self._parent = course.state_dir / FOLDER_NAME
        self._label = f"-{label}" if label else ""
        self.folder: Path | None = None
        """Where the copies are; None as long as there is none."""

    def keep(self, file: Path, name: str) -> None:
        """Copy a file, or a link as a link, to ``name`` in the folder.

        Raises:
            OSError: the copy cannot be made.
        """
        if self.folder is None:
            self.folder = _new_folder(self._parent, self._label)
        copy = self.folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy, follow_symlinks=False)


def keep(course: Course, lesson: Lesson, names: Iterable[str]) -> Path | None:
    """Copy files of the learner's lesson into a new folder.

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
    backups = Backups(course, lesson.folder)
    for name in names:
        if (source / name).is_file() or (source / name).is_symlink():
            backups.keep(source / name, name)
    return backups.folder


def _new_folder(parent: Path, label: str) -> Path:
    """A folder that did not exist before, named by the local time."""
    stamp = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}{label}"
    number = 1
    while True:
        folder = parent / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return folder
