"""``workbook handout``: the repository as students get it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbook.cli.class_input import read_lessons
from workbook.cli.console import count
from workbook.course.model import find_course


def handout(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder; with --zip, the file.")],
    lessons: Annotated[
        str, typer.Option(help="Which lessons, like 1-2; else all. A starter holds the lessons before it, solved.")
    ] = "",
    as_zip: Annotated[bool, typer.Option("--zip", help="Write a zip.")] = False,
) -> None:
    """Write the repository as students get it: starters, checks and notebooks; no solutions, no variants."""
    from workbook.grading.handout import write_class_copy

    course = find_course()
    made = write_class_copy(course, out, as_zip=as_zip, lessons=read_lessons(course, lessons))
    print(f"{made.place}: {count(len(made.lessons), 'lesson')}, {count(made.files, 'file')}, no solutions.")
