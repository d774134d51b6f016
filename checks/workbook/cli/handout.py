"""``workbook handout``: the repository as students get it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbook.cli.talk import count
from workbook.course import find_course


def handout(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder; with --zip, the file.")],
    as_zip: Annotated[bool, typer.Option("--zip", help="Write a zip.")] = False,
) -> None:
    """Write the repository as students get it: starters, checks and notebooks; no solutions, no variants."""
    from workbook.grading.class_copy import write_class_copy

    made = write_class_copy(find_course(), out, as_zip=as_zip)
    print(f"{made.place}: {count(len(made.lessons), 'lesson')}, {count(made.files, 'file')}, no solutions.")
