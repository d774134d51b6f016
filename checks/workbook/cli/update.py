"""``workbook update``: take in a newer version of the course, and leave the learner's work alone."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli.console import YES_OPTION, ask, count
from workbook.course import newer as versions
from workbook.course import upstream
from workbook.course.model import Course, CourseError, find_course

if TYPE_CHECKING:
    from collections.abc import Generator

_LISTED = 6


def update(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="FROM", help="A newer version that you downloaded: its folder or zip. Else git fetches it."
        ),
    ] = None,
    yes: Annotated[bool, YES_OPTION] = False,
) -> None:
    """Take in a newer version of the course. Lessons that you have begun stay as you have them.

    Your notes in notebooks/mine stay too. What is replaced and is not in git is kept in a backup.
    """
    course = find_course()
    repository = None if source is not None else upstream.find(course)
    with _newer(source, repository) as newer:
        tracked = repository.tracked() if repository else None
        plan = versions.make_plan(course, newer, tracked)
        if not plan:
            if repository is not None:
                repository.record()
            print("You have the newest version.")
            return
        print("\n".join(_describe(plan)))
        if not ask("Take this in?", yes=yes):
            print("Nothing was changed.")
            return
        pristine = repository.unchanged() if repository else ()
        kept = versions.carry_out(course, newer, plan, pristine)
        if repository is not None:
            repository.record()
    if kept is not None:
        print(f"What stood there is kept in {kept.relative_to(course.root).as_posix()}")
    print("Done. Next: make lab, which also brings the packages that are new.")


@contextmanager
def _newer(source: Path | None, repository: upstream.Repository | None) -> Generator[Course]:
    """The newer version, in a folder.

    Raises:
        CourseError: it is no folder and no archive, or git cannot fetch it.
    """
    with tempfile.TemporaryDirectory(prefix="workbook-update-") as scratch:
        if repository is not None:
            repository.write_newest(Path(scratch))
            yield Course(Path(scratch))
        elif source is not None and source.is_dir():
            yield Course(source.resolve())
        elif source is not None:
            yield Course(_unpacked(source, Path(scratch)))


def _unpacked(archive: Path, scratch: Path) -> Path:
    try:
        shutil.unpack_archive(archive, scratch)
    except (shutil.ReadError, OSError, ValueError) as fault:
        raise CourseError(f"{archive} is no folder and no zip that can be read: {fault}.") from fault
    entries = list(scratch.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else scratch  # GitHub's zips hold one folder


def _describe(plan: versions.Plan) -> list[str]:
    """What changes, in a few lines."""
    changed = [*plan.written, *plan.removed]
    parts = {
        "the checks": [name for name in changed if name.startswith("checks/lesson_")],
        "the notebooks": [name for name in changed if name.startswith("notebooks/")],
        "lessons that you have not begun": [name for name in changed if name.startswith("lessons/")],
    }
    rest = len(changed) - sum(map(len, parts.values()))
    lines = ["There is a newer version. It changes"]
    lines += [f"  {count(len(names), 'file')} of {what}" for what, names in parts.items() if names]
    if rest:
        lines.append(f"  {count(rest, 'file')} of the workbook itself")
    for number in plan.kept[:_LISTED]:
        lines.append(
            f"Lesson {number} has a newer start too. You have begun it, so it stays as you have it: "
            f"workbook reset {number} would begin it anew."
        )
    return lines
