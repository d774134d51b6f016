"""``workbook build``: starters and notebooks from the solutions and the notebook sources."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from workbook.authoring.errors import AuthoringError
from workbook.authoring.inheritance import inheritance_faults
from workbook.authoring.new import unwritten
from workbook.authoring.notebook_file import Notebook
from workbook.authoring.starter_files import Difference, differences, write_starter
from workbook.authoring.starters import BuiltLesson, build_lesson
from workbook.course.backups import Backups
from workbook.course.model import Course

if TYPE_CHECKING:
    from rich.console import Console

NOTEBOOKS_AT_ONCE = 2


def build(
    course: Course,
    lessons: Sequence[int] | None = None,
    *,
    check: bool = False,
    notebooks: bool = True,
    console: Console,
) -> int:
    """Make starters and notebooks, or check that those there are what would be made.

    Args:
        course: the course.
        lessons: the numbers of the lessons to build; all by default.
        check: write nothing, and say what differs.
        notebooks: whether the notebooks are built too, which takes seconds each; with ``check`` and without this,
            only their cells are compared with the source, and nothing is run.
        console: where progress, differences and faults are printed.

    Returns:
        The exit code: 0, or 1 where an author has something to mend.

    Raises:
        CourseError: there is no such lesson, or a ``lesson.toml`` cannot be read.
    """
    chosen = course.lessons if lessons is None else tuple(course.lesson(number) for number in lessons)
    faults: list[str] = []
    built: list[BuiltLesson] = []
    for lesson in chosen:
        faults += unwritten(course, lesson)
        try:
            built.append(build_lesson(course, lesson))
            faults += inheritance_faults(lesson, built[-1].solution, built[-1].last)
        except AuthoringError as error:
            faults += error.faults
    found = _check(course, built, notebooks, faults) if check else []
    if not check:
        _write(course, built, notebooks, faults, console)

    for difference in found:
        _say(console, f"{difference.name} is not what workbook build makes:")
        for line in difference.diff:
            _say(console, f"    {line}")
    for fault in faults:
        _say(console, fault)
    if found:
        _say(console, "Run workbook build, and look at what it changed before you commit.")
    if check and not found and not faults:
        what = "starters and notebooks" if notebooks else "starters and the cells of notebooks"
        _say(console, f"{len(built)} lesson{'' if len(built) == 1 else 's'}: {what} are what workbook build makes.")
    return 1 if found or faults else 0


def _check(course: Course, built: list[BuiltLesson], notebooks: bool, faults: list[str]) -> list[Difference]:
    from workbook.authoring.notebooks import notebook_difference, source_difference

    found = [difference for entry in built for difference in differences(course, entry)]
    compared: list[Difference | None] = []
    if notebooks:
        compared = [notebook_difference(course, entry, notebook) for entry, notebook in _made(course, built, faults)]
    else:
        for entry in built:
            try:
                compared.append(source_difference(course, entry))
            except AuthoringError as error:
                faults += error.faults
    return found + [difference for difference in compared if difference]


def _write(course: Course, built: list[BuiltLesson], notebooks: bool, faults: list[str], console: Console) -> None:
    from workbook.authoring.notebooks import Memory, store_notebook

    backups = Backups(course)
    for entry in built:
        changed = write_starter(course, entry, backups)
        _say(console, f"lesson {entry.lesson.number}: starter {_changes(changed, len(entry.files))}")
    if notebooks:
        memory = Memory.of(course)
        stale = [entry for entry in built if not memory.is_current(course, entry)]
        for entry, notebook in _made(course, stale, faults):
            changed = store_notebook(course, entry, notebook, memory, backups)
            name = f"notebooks/{course.notebook(entry.lesson).name}"
            _say(console, f"lesson {entry.lesson.number}: {name} {'written' if changed else 'unchanged'}")
    if backups.folder is not None:
        kept = backups.folder.relative_to(course.root).as_posix()
        _say(console, f"Some files held work of your own; copies are in {kept}/.")


def _made(course: Course, built: list[BuiltLesson], faults: list[str]) -> list[tuple[BuiltLesson, Notebook]]:
    """The notebooks of those lessons, run side by side; what keeps one from being made is added to ``faults``."""
    from workbook.authoring.notebook_run import stop_notebooks
    from workbook.authoring.notebooks import make_notebook

    made: list[tuple[BuiltLesson, Notebook]] = []
    with ThreadPoolExecutor(NOTEBOOKS_AT_ONCE) as pool:
        try:
            for entry, future in [(entry, pool.submit(make_notebook, course, entry)) for entry in built]:
                try:
                    made.append((entry, future.result()))
                except AuthoringError as error:
                    faults += error.faults
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop_notebooks()
            raise
    return made


def _changes(changed: list[str], files: int) -> str:
    return f"{files} files, {len(changed)} changed: {', '.join(changed)}" if changed else f"{files} files, unchanged"


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
