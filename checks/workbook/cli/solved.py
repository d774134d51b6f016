"""The solutions as a learner may see them: without the marks that the starters are made by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbook.course import Course, CourseError, Lesson

if TYPE_CHECKING:
    from workbook.authoring.regions import MarkedFile

MAX_BYTES = 1_000_000
_OURS = {"lesson.toml"}
_SKIPPED_FOLDERS = {"__pycache__"}


def solution_folder(course: Course, lesson: Lesson) -> Path:
    """Where a lesson's solution is.

    Raises:
        CourseError: this copy of the workbook comes without solutions.
    """
    folder = course.solutions_dir / lesson.folder
    if not folder.is_dir():
        raise CourseError("The solutions are not part of this copy of the workbook: ask your instructor.")
    return folder


def text_files(folder: Path) -> dict[str, str]:
    """The text files below a lesson's folder, by their path relative to it; caches and databases are left out."""
    texts: dict[str, str] = {}
    for name in lesson_files(folder):
        file = folder / name
        try:
            if file.stat().st_size <= MAX_BYTES:
                texts[name] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return texts


def lesson_files(folder: Path) -> list[str]:
    """Every file of a person's work in a lesson's folder, as paths relative to it, in order."""
    names = [
        file.relative_to(folder)
        for file in folder.rglob("*")
        if (file.is_file() or file.is_symlink()) and not _SKIPPED_FOLDERS.intersection(file.parts)
    ]
    return sorted(name.as_posix() for name in names if name.as_posix() not in _OURS)


def solved_texts(course: Course, lesson: Lesson) -> dict[str, str]:
    """The solution's text files without marks, by their path relative to the lesson folder.

    Raises:
        CourseError: there are no solutions here, or their marks have a fault.
    """
    marked = marked_files(course, lesson)
    plain = text_files(solution_folder(course, lesson))
    return plain | {name: file.solution for name, file in marked.items()}


def marked_files(course: Course, lesson: Lesson) -> dict[str, MarkedFile]:
    """The solution's files that can hold marks, taken apart.

    Raises:
        CourseError: there are no solutions here, or their marks have a fault.
    """
    from workbook.authoring.faults import AuthoringError
    from workbook.authoring.regions import can_be_marked, read_marked

    ids = [exercise.id for exercise in lesson.exercises]
    texts = text_files(solution_folder(course, lesson))
    try:
        return {name: read_marked(text, name, ids) for name, text in texts.items() if can_be_marked(name)}
    except AuthoringError as fault:
        raise CourseError(f"The solution of lesson {lesson.number} has a fault: {fault.faults[0]}") from fault
