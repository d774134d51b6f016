"""``workbook hint``: one step more of help each time."""

from __future__ import annotations

from typing import Annotated

import typer

from workbook.cli import arguments
from workbook.cli.console import JSON_OPTION, console, print_json
from workbook.course import progress
from workbook.course.model import HINT_LEVELS, find_course

SCHEMA = "fastapi-workbook/hint/v1"


def hint(
    what: Annotated[str | None, typer.Argument(metavar="N.M", help="The exercise; else where you are.")] = None,
    json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Give a hint: a question first, then the idea, then the next step. Each call goes one further."""
    course = find_course()
    exercise = course.exercise(what) if what else arguments.current(course)
    was_last = progress.load(course).hint_level(exercise.id) >= HINT_LEVELS
    level, text = progress.reveal_hint(course, exercise.id)
    if json:
        print_json({"schema": SCHEMA, "exercise": exercise.id, "level": level, "levels": HINT_LEVELS, "text": text})
        return
    out = console()
    out.print(f"Hint {level} of {HINT_LEVELS} for {exercise.id} · {exercise.title}", style="bold")
    out.print()
    out.print(text)
    out.print()
    if level < HINT_LEVELS:
        out.print(f"One step more: workbook hint {exercise.id}")
    elif was_last:
        out.print(f"You have read all the hints. The next step: workbook solution {exercise.id}")
    else:
        out.print(f"This is the last hint. After it comes the solution: workbook solution {exercise.id}")
