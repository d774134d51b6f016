"""``workbook forward``: a change of one solution in all later ones."""

from __future__ import annotations

from typing import Annotated

import typer

from workbook.cli import arguments
from workbook.course.model import CourseError, find_course


def forward(
    lesson: Annotated[str | None, typer.Argument(metavar="[N]", help="The lesson whose solution has changed.")] = None,
    go_on: Annotated[bool, typer.Option("--continue", help="Go on after a conflict that you have solved.")] = False,
    since: Annotated[str, typer.Option("--since", metavar="COMMIT", help="What to compare with.")] = "HEAD",
) -> None:
    """Carry what has changed in a lesson's solution into all later lessons that grow out of it."""
    from workbook.authoring import forward as forwarding
    from workbook.authoring.errors import AuthoringError

    course = find_course()
    if (lesson is None) is not go_on:
        raise CourseError(
            "Name the lesson that has changed, like workbook forward 2; or say --continue, and no lesson."
        )
    try:
        if lesson is None:
            done = forwarding.go_on(course)
        else:
            done = forwarding.forward(course, arguments.find(course, lesson).lesson.number, since)
    except AuthoringError as error:
        print("\n".join(error.faults))
        raise typer.Exit(1) from None
    print(*(f"changed  {name}" for name in done.changed) if done.changed else ["Nothing to carry on."], sep="\n")
    if done.backup is not None:
        print(f"As they were: {done.backup.relative_to(course.root).as_posix()}")
    if done.conflicts:
        print("To decide:", *(f"  {line}" for line in done.conflicts), sep="\n")
        print("Then: workbook forward --continue")
        raise typer.Exit(1)
    if done.changed:
        print("Then: workbook build, and workbook verify the lessons that changed.")
