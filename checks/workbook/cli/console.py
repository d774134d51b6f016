"""Speaking with the person at the terminal: text, JSON, and a question before something is lost or given away."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

from workbook.course.model import CourseError

if TYPE_CHECKING:
    from rich.console import Console

MAX_COLUMNS = 100
JSON_OPTION = typer.Option("--json", help="Print JSON for a machine.")
YES_OPTION = typer.Option("--yes", "-y", help="Do not ask.")
TARGET_OPTION = typer.Option("--target", metavar="TARGET", help="lessons, solutions, or a folder of lesson_NN folders.")


def console() -> Console:
    """A console that wraps at 100 columns and colours nothing by guessing."""
    from rich.console import Console

    wide = Console(highlight=False, markup=False, emoji=False)
    wide.width = min(wide.width, MAX_COLUMNS)
    return wide


def print_json(data: dict[str, Any]) -> None:
    """Print JSON that any terminal can carry."""
    print(json.dumps(data, indent=2))


def ask(question: str, *, yes: bool) -> bool:
    """Ask a question that is answered with y or n; ``yes`` answers it beforehand.

    Raises:
        CourseError: nobody is there to answer.
    """
    if yes:
        return True
    try:
        return typer.confirm(question, default=False)
    except typer.Abort:
        print(file=sys.stderr)
        raise CourseError("Nothing was done, because the question was not answered: --yes answers it.") from None


def count(number: int, thing: str) -> str:
    """A number with its noun: ``1 file``, ``2 files``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
