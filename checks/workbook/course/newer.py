"""Take a newer version of the course in, without touching what a learner has made.

What is the course's is replaced: checks, notebooks, solutions, the tool. Of the lessons, those that nobody has begun
are replaced too; a lesson that is no longer as it was handed out stays as the learner has it, with all its files,
because half of one version and half of another would fit nowhere.
"""

from __future__ import annotations

import filecmp
import shutil
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from workbook.course.backups import Backups
from workbook.course.lesson_files import remove_file
from workbook.course.model import LESSON_FILE, Course, CourseError
from workbook.course.starter import load_starter

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from workbook.course.model import Lesson

_NOBODYS = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache"}
_ROOT_ONLY = {".git", ".workbook", ".hypothesis", "artifacts", "dist"}
_OURS = ("checks", "notebooks", "solutions")
"""The folders in which everything is the course's."""


@dataclass
class Plan:
    """What a newer version changes, as paths relative to the root of the course, in the order in which it is done."""

    written: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    kept: list[int] = field(default_factory=list[int])
    """The lessons that have a newer starter, and stay as the learner has them."""

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


def make_plan(course: Course, newer: Course, tracked: Collection[str] | None = None) -> Plan:
    """Compare the course with a newer version of it.

    Args:
        course: the learner's.
        newer: the newer one, in a folder of its own.
        tracked: the files that belonged to the course, where that is known; what is not among them is the learner's.

    Raises:
        CourseError: the other folder holds no course.
    """
    if not newer.lessons or not (newer.checks_dir / "workbook").is_dir():
        raise CourseError(f"{newer.root} holds no version of this workbook.")
    plan = Plan()
    there, here = files_of(newer), files_of(course)
    for lesson in newer.lessons:
        _plan_lesson(plan, course, newer, lesson)
    for name in there:
        if not name.startswith("lessons/") and not _same(course.root / name, newer.root / name):
            plan.written.append(name)
    for name in here:
        top = PurePosixPath(name).parts[0]
        was_ours = name in tracked if tracked is not None else top in _OURS and (newer.root / top).is_dir()
        if was_ours and top != "lessons" and name not in there:
            plan.removed.append(name)
    return plan


def _plan_lesson(plan: Plan, course: Course, newer: Course, lesson: Lesson) -> None:
    """Replace a lesson that nobody has begun. Its lesson.toml is replaced in any case."""
    folder = f"lessons/{lesson.folder}/"
    there = [name for name in files_of(newer) if name.startswith(folder)]
    here = [name for name in files_of(course) if name.startswith(folder)]
    changed = [name for name in there if not _same(course.root / name, newer.root / name)]
    gone = [name for name in here if name not in there]
    if not _is_begun(course, lesson, here):
        plan.written += changed
        plan.removed += gone
        return
    plan.written += [name for name in changed if name == folder + LESSON_FILE]
    if _starter(course, lesson) != _starter(newer, lesson):
        plan.kept.append(lesson.number)


def _is_begun(course: Course, lesson: Lesson, names: list[str]) -> bool:
    """Whether a lesson's files are no longer those that were handed out; one that is not there is not begun."""
    files = _starter(course, lesson)
    if not names or not files:
        return bool(names)
    folder = course.lessons_dir / lesson.folder
    own = {name.removeprefix(f"lessons/{lesson.folder}/") for name in names} - {LESSON_FILE}
    return own != files.keys() or any(_text(folder / name) != text for name, text in files.items())


def _starter(course: Course, lesson: Lesson) -> dict[str, str]:
    try:
        return load_starter(course, lesson).files
    except CourseError:
        return {}


def carry_out(course: Course, newer: Course, plan: Plan, pristine: Collection[str] = ()) -> Path | None:
    """Write and remove what a plan says.

    Args:
        course: the learner's.
        newer: the newer one.
        plan: what to do.
        pristine: files of which nobody needs a copy, because they are kept elsewhere.

    Returns:
        Where the files are that were replaced or removed; None where nothing had to be kept.

    Raises:
        CourseError: a file cannot be written. What was done until then is right: the command can be given again.
    """
    backups = Backups(course, "update")
    try:
        for name in [*plan.written, *plan.removed]:
            file = course.root / name
            if name not in pristine and (file.is_file() or file.is_symlink()):
                backups.keep(file, name)
        for name in plan.written:
            file = course.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f".{file.name}.part")
            shutil.copy2(newer.root / name, part, follow_symlinks=False)
            part.replace(file)
        for name in plan.removed:
            remove_file(course.root, name)
    except OSError as fault:
        raise CourseError(
            f"The update stopped: {fault.strerror or fault} ({fault.filename}). Give it again."
        ) from fault
    return backups.folder


def files_of(course: Course) -> list[str]:
    """Every file of a course, as paths relative to its root, in order; not what runs leave behind, nor own copies."""
    found: list[str] = []

    def look(folder: Path, above: tuple[str, ...]) -> None:
        for entry in sorted(folder.iterdir()):
            if entry.name in _NOBODYS or entry.suffix in {".pyc", ".db"}:
                continue
            if not above and (entry.name in _ROOT_ONLY or entry.name.startswith(".venv")):
                continue
            if above == ("notebooks",) and entry.name == "mine":
                continue
            if entry.is_dir() and not entry.is_symlink():
                look(entry, (*above, entry.name))
            else:
                found.append("/".join((*above, entry.name)))

    look(course.root, ())
    return found


def _same(one: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
