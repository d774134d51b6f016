"""``workbook reset``: back to before the work on a lesson or an exercise, with a backup of everything that goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import arguments
from workbook.cli.console import YES_OPTION, ask, count
from workbook.course import backups, progress, snapshots
from workbook.course.lesson_files import lesson_files, remove_file
from workbook.course.model import LESSON_FILE, CourseError, find_course
from workbook.course.starter import load_starter

if TYPE_CHECKING:
    from workbook.course.model import Course
    from workbook.course.starter import Starter

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
    after: str | None = None
    """The exercise after which the files were like that, such as ``"2.1"``; None for the starter."""

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


def reset(
    what: Annotated[str, typer.Argument(metavar="N[.M]", help="A lesson, or one exercise's files.")],
    yes: Annotated[bool, YES_OPTION] = False,
) -> None:
    """Start a lesson or an exercise over: 2.3 goes back to how its files were when 2.2 passed.

    Your files are kept in a backup.
    """
    course = find_course()
    chosen = arguments.find(course, what)
    folder = course.lessons_dir / chosen.lesson.folder
    plan = make_plan(course, chosen, load_starter(course, chosen.lesson), folder)
    if not plan:
        as_it_was = f"as it was when {plan.after} passed" if plan.after else "as it was handed out"
        print(f"Nothing to do: {chosen.name} is {as_it_was}.")
        return
    print("\n".join(_describe(plan, chosen)))
    if not ask(f"Reset {chosen.name}?", yes=yes):
        print("Nothing was changed.")
        return
    kept = carry_out(course, chosen, plan, folder)
    back = f"as it was when {plan.after} passed" if plan.after else "back at its starter"
    print(f"{chosen.name.capitalize()} is {back}.")
    if kept is not None:
        print(f"Your files are kept in {kept.relative_to(course.root).as_posix()}")
        print(f"To have them again: workbook restore {kept.name}")


def make_plan(course: Course, chosen: arguments.Choice, starter: Starter, folder: Path) -> Plan:
    """What has to change so that a lesson, or the files of one exercise, are as before the work on it.

    For an exercise that is how they were when the one before it passed, where that is known; else the starter.
    """
    exercise = chosen.exercise
    if exercise is None:
        wanted = dict(starter.files)
        if not (folder / LESSON_FILE).exists() and starter.lesson:
            wanted[LESSON_FILE] = starter.lesson
        strangers = [name for name in lesson_files(folder) if name not in starter.files]
        written = {name: text for name, text in wanted.items() if not _holds(folder / name, text)}
        return Plan(written, tuple(strangers), ())
    names = list(dict.fromkeys([*exercise.files, *starter.creates(exercise.id)]))
    before = None if exercise.number == 1 else snapshots.load(course, chosen.lesson.exercise(exercise.number - 1))
    files = starter.files if before is None else before
    wanted = {name: files[name] for name in names if name in files}
    strangers = [name for name in names if name not in files and (folder / name).exists()]
    written = {name: text for name, text in wanted.items() if not _holds(folder / name, text)}
    shared = [
        other.id
        for other in chosen.lesson.exercises
        if other.id != exercise.id
        and (before is None or other.number > exercise.number)
        and _works_in(starter, other.id) & wanted.keys()
    ]
    kept = None if before is None else chosen.lesson.exercise(exercise.number - 1).id
    return Plan(written, tuple(strangers), tuple(shared), kept)


def _works_in(starter: Starter, exercise_id: str) -> set[str]:
    return {block.file for block in starter.blocks(exercise_id)}


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_text(encoding="utf-8") == text  # reading makes CRLF, which Git may write on Windows, LF
    except (OSError, UnicodeDecodeError):
        return False


def _describe(plan: Plan, chosen: arguments.Choice) -> list[str]:
    folder = f"lessons/{chosen.lesson.folder}"
    lines: list[str] = []
    if plan.written:
        files = count(len(plan.written), "file")
        where = f"Back to how it was when {plan.after} passed" if plan.after else "Back to the starter"
        lines += [f"{where}: {files} in {folder}", *_listed(plan.written)]
    if plan.removed:
        files = count(len(plan.removed), "file")
        why = "it was not there then" if plan.after else "the starter does not have it"
        lines += [f"Put away, because {why}: {files}", *_listed(plan.removed)]
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


def carry_out(course: Course, chosen: arguments.Choice, plan: Plan, folder: Path) -> Path | None:
    """Back up, then write and remove. Returns where the backup is, if there was anything to keep."""
    try:
        kept = backups.keep(course, chosen.lesson, [*plan.written, *plan.removed])
        for name in plan.removed:
            remove_file(folder, name)
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
