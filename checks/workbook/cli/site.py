"""``workbook site``: the lessons as web pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbook.cli.console import count
from workbook.course.model import CourseError, find_course


def site(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write to.")],
    repository: Annotated[
        str, typer.Option(metavar="URL", help="Where the files can be read, like https://github.com/NAME/REPOSITORY.")
    ] = "",
    address: Annotated[str, typer.Option(metavar="URL", help="Where the site will be.")] = "",
) -> None:
    """Write the lessons as a web site: to read before anything is installed, with no solutions on it."""
    from workbook.authoring.errors import AuthoringError
    from workbook.authoring.site import build_site

    try:
        lessons = build_site(find_course(), out, repository=repository, address=address)
    except AuthoringError as fault:
        raise CourseError("\n".join(fault.faults)) from fault
    print(f"{out / 'index.html'}: {count(lessons, 'lesson')}, to read with any browser.")
