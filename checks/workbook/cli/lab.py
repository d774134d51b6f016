"""``workbook lab``: open JupyterLab on a lesson's notebook."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from workbook.cli import place
from workbook.cli.front import run_in_front
from workbook.course import find_course


def lab(
    what: Annotated[str | None, typer.Argument(metavar="N", help="A lesson; else the one you are in.")] = None,
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="Open a browser; else only print the address.")
    ] = None,
) -> None:
    """Open JupyterLab on a lesson's notebook."""
    course = find_course()
    lesson = place.find_lesson(course, what)
    from workbook.lab import command

    wanted = has_screen() if browser is None else browser
    raise typer.Exit(run_in_front(command(course, lesson, browser=wanted), cwd=course.root))


def has_screen() -> bool:
    """Whether a browser could be shown on this machine."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))
