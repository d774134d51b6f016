"""What has to be there before a lesson opens in JupyterLab: a copy of its notebook, and a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.course.backups import Backups
from workbook.course.model import CourseError
from workbook.notebook.copies import bring_copy, my_notebook
from workbook.notebook.workspace import bring_workspace

if TYPE_CHECKING:
    from workbook.course.model import Course, Lesson


def prepare(course: Course, lesson: Lesson, *, fresh: bool = False) -> list[str]:
    """Bring what a lesson needs in JupyterLab.

    Args:
        course: the course.
        lesson: the lesson to be opened.
        fresh: whether to make the copy of the notebook anew; the old one is kept in a backup.

    Returns:
        What the learner should know, in sentences.

    Raises:
        CourseError: a file cannot be read or written.
    """
    said: list[str] = []
    try:
        if fresh and my_notebook(course, lesson).exists():
            said.append(_put_away(course, lesson))
        if course.notebook(lesson).is_file() and not bring_copy(course, lesson):
            said.append(
                f"The notebook of lesson {lesson.number} is newer than your copy, which stays as it is. "
                f"For the newer one: workbook lab {lesson.number} --fresh"
            )
        bring_workspace(course, lesson)
    except (OSError, ValueError, KeyError) as fault:
        raise CourseError(f"Lesson {lesson.number} cannot be opened: {fault}.") from fault
    return said


def _put_away(course: Course, lesson: Lesson) -> str:
    file = my_notebook(course, lesson)
    backups = Backups(course, "notebooks")
    backups.keep(file, file.name)
    file.unlink()
    assert backups.folder is not None
    return f"Your copy of the notebook is kept in {backups.folder.relative_to(course.root).as_posix()}"
