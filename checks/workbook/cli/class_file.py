"""``workbook class new``: begin a class file from a roster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbook.cli.console import count
from workbook.course.model import CourseError


def class_(
    action: Annotated[str, typer.Argument(metavar="new", help="What to do: new.")],
    roster: Annotated[Path, typer.Argument(metavar="ROSTER", help="The list of your learners.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("class.toml"),
) -> None:
    """Begin a class file from a roster: what you choose for a term, written down once, for workbook grade --class."""
    from workbook.course.files import replace_file
    from workbook.grading.class_file import class_file_text
    from workbook.grading.intake.roster import read_roster

    if action != "new":
        raise CourseError(f"workbook class {action} is nothing: write workbook class new ROSTER.")
    if out.exists():
        raise CourseError(f"{out} is there already: edit it, or name another one with --out.")
    learners = read_roster(roster)
    there = roster.resolve()
    folder = out.resolve().parent
    name = there.relative_to(folder).as_posix() if there.is_relative_to(folder) else there.as_posix()
    replace_file(out, class_file_text(name, len(learners)))
    print(f"{out}: {count(len(learners), 'learner')}. Next: say in it what is due when, then")
    print(f"workbook grade --class {out}")
