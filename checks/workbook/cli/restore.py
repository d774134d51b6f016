"""``workbook restore``: bring back files that a command put into a backup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli.console import YES_OPTION, ask, count
from workbook.course import backups, progress
from workbook.course.lesson_files import lesson_files
from workbook.course.model import CourseError, find_course

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.course.model import Course, Lesson

_OF_A_LESSON = re.compile(r"\d{8}-\d{6}-lesson_(?P<lesson>\d\d)(?:-\d+)?")
_LISTED = 12


def restore(
    name: Annotated[
        str | None, typer.Argument(metavar="BACKUP", help="A backup's name; without it, they are listed.")
    ] = None,
    yes: Annotated[bool, YES_OPTION] = False,
) -> None:
    """Bring back the files of a backup. What stands in their place goes into a new backup first."""
    course = find_course()
    known = _backups(course)
    if name is None:
        print("\n".join(_list(known)))
        return
    if name not in known:
        raise CourseError(f"There is no backup {name!r} of a lesson: workbook restore lists them.")
    lesson = course.lesson(int(_lesson_of(name)))
    folder = course.lessons_dir / lesson.folder
    files = [file for file in lesson_files(known[name]) if not _same(known[name] / file, folder / file)]
    if not files:
        print(f"Nothing to do: lesson {lesson.number} holds these files already.")
        return
    print(f"From the backup to lessons/{lesson.folder}: {count(len(files), 'file')}")
    print("\n".join(f"  {file}" for file in files))
    if not ask("Bring them back?", yes=yes):
        print("Nothing was changed.")
        return
    kept = _bring_back(course, lesson, known[name], files)
    print(f"Lesson {lesson.number} has its files again.")
    if kept is not None:
        print(f"What stood there is kept in {kept.relative_to(course.root).as_posix()}")


def _backups(course: Course) -> dict[str, Path]:
    """The backups of lessons by name, the newest first."""
    parent = course.state_dir / backups.FOLDER_NAME
    folders = sorted(parent.iterdir(), reverse=True) if parent.is_dir() else []
    return {folder.name: folder for folder in folders if _OF_A_LESSON.fullmatch(folder.name) and folder.is_dir()}


def _lesson_of(name: str) -> str:
    match = _OF_A_LESSON.fullmatch(name)
    return match["lesson"] if match else ""


def _list(known: dict[str, Path]) -> list[str]:
    if not known:
        return ["There are no backups yet: workbook reset and workbook carry make them."]
    rows = [f"  {name:<28}{count(len(lesson_files(folder)), 'file')}" for name, folder in list(known.items())[:_LISTED]]
    more = [f"  and {len(known) - _LISTED} older ones"] if len(known) > _LISTED else []
    return ["Backups, the newest first:", *rows, *more, "", "To have one again: workbook restore NAME"]


def _same(one: Path, other: Path) -> bool:
    try:
        return one.read_bytes() == other.read_bytes()
    except OSError:
        return False


def _bring_back(course: Course, lesson: Lesson, source: Path, files: list[str]) -> Path | None:
    """Keep what is there, then copy. Returns where it is kept, if there was anything to keep."""
    import shutil

    folder = course.lessons_dir / lesson.folder
    try:
        kept = backups.keep(course, lesson, files)
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).unlink(missing_ok=True)  # what a link points to is not part of the lesson
            shutil.copy2(source / name, folder / name, follow_symlinks=False)
    except OSError as fault:
        raise CourseError(f"This stopped: {fault.strerror or fault} ({fault.filename}).") from fault
    progress.forget(course, verdicts=[exercise.id for exercise in lesson.exercises], hints=[])
    return kept
