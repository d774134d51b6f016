"""``workbook reset``: back to the starter, with a backup of everything that goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbook import backups, progress
from workbook.cli import place, solved
from workbook.cli.talk import YES_OPTION, ask, count
from workbook.course import CourseError, find_course
from workbook.starter import load_starter

if TYPE_CHECKING:
    from workbook.course import Course
    from workbook.starter import Starter

_LISTED = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """What a reset does to the files of a lesson folder, as paths relative to it."""

    written: dict[str, str]
    """The files that go back to the text of the starter."""
    removed: tuple[str, ...]
    """The files that the starter does not have."""
    also: tuple[str, ...]
    """Other exercises whose work is in the same files, such as ``"2.1"``."""

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


def reset(
    what: Annotated[str, typer.Argument(metavar="N[.M]", help="A lesson, or one exercise's files.")],
    yes: Annotated[bool, YES_OPTION] = False,
) -> None:
    """Put a lesson, or the files of one exercise, back to the starter. Your files are kept in a backup."""
    course = find_course()
    chosen = place.find(course, what)
    folder = course.lessons_dir / chosen.lesson.folder
    plan = make_plan(chosen, load_starter(course, chosen.lesson), folder)
    if not plan:
        print(f"Nothing to do: {chosen.name} is as it was handed out.")
        return
    print("\n".join(_describe(plan, chosen)))
    if not ask(f"Reset {chosen.name}?", yes=yes):
        print("Nothing was changed.")
        return
    kept = _carry_out(course, chosen, plan, folder)
    print(f"{chosen.name.capitalize()} is back at its starter.")
    if kept is not None:
        print(f"Your files are kept in {kept.relative_to(course.root).as_posix()}")


def make_plan(chosen: place.Place, starter: Starter, folder: Path) -> Plan:
    """What has to change so that a lesson, or the files of one exercise, are as they were handed out."""
    exercise = chosen.exercise
    if exercise is None:
        wanted, strangers = dict(starter.files), [n for n in solved.lesson_files(folder) if n not in starter.files]
        shared: list[str] = []
    else:
        names = [*exercise.files, *starter.creates(exercise.id)]
        wanted = {name: starter.files[name] for name in names if name in starter.files}
        strangers = [name for name in dict.fromkeys(names) if name not in starter.files and (folder / name).exists()]
        shared = [
            other.id
            for other in chosen.lesson.exercises
            if other.id != exercise.id and _works_in(starter, other.id) & wanted.keys()
        ]
    written = {name: text for name, text in wanted.items() if not _holds(folder / name, text)}
    return Plan(written, tuple(strangers), tuple(shared))


def _works_in(starter: Starter, exercise_id: str) -> set[str]:
    return {block.file for block in starter.blocks(exercise_id)}


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_text(encoding="utf-8") == text  # reading makes CRLF, which Git may write on Windows, LF
    except (OSError, UnicodeDecodeError):
        return False


def _describe(plan: Plan, chosen: place.Place) -> list[str]:
    folder = f"lessons/{chosen.lesson.folder}"
    lines: list[str] = []
    if plan.written:
        files = count(len(plan.written), "file")
        lines += [f"Back to the starter: {files} in {folder}", *_listed(plan.written)]
    if plan.removed:
        files = count(len(plan.removed), "file")
        lines += [f"Put away, because the starter does not have it: {files}", *_listed(plan.removed)]
    if plan.also:
        lines.append(f"The same files hold the work on {_and(plan.also)}: that goes back too.")
    if chosen.exercise is not None:
        lines.append("All other files stay as they are.")
    return lines


def _listed(names: dict[str, str] | tuple[str, ...]) -> list[str]:
    shown = [f"  {name}" for name in list(names)[:_LISTED]]
    more = len(names) - len(shown)
    return [*shown, f"  and {more} more"] if more else shown


def _and(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _carry_out(course: Course, chosen: place.Place, plan: Plan, folder: Path) -> Path | None:
    """Back up, then write and remove. Returns where the backup is, if there was anything to keep."""
    try:
        kept = backups.keep(course, chosen.lesson, [*plan.written, *plan.removed])
        for name in plan.removed:
            (folder / name).unlink()
            _prune((folder / name).parent, folder)
        for name, text in plan.written.items():
            file = folder / name
            if file.is_symlink():  # what it points to is not part of the lesson
                file.unlink()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as fault:
        raise CourseError(f"The reset stopped: {fault.strerror or fault} ({fault.filename}).") from fault
    lesson = chosen.lesson
    mine = [chosen.exercise.id] if chosen.exercise else [exercise.id for exercise in lesson.exercises]
    progress.forget(course, verdicts=[*mine, *plan.also], hints=mine)
    return kept


def _prune(folder: Path, root: Path) -> None:
    """Remove folders that hold nothing but caches any more."""
    import shutil

    while folder != root and all(entry.name == "__pycache__" for entry in folder.iterdir()):
        shutil.rmtree(folder)
        folder = folder.parent
