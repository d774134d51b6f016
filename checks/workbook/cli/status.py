"""``workbook status``: points and a bar for each lesson."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbook.cli.checks_process import checks_command
from workbook.cli.console import JSON_OPTION, console, print_json
from workbook.course import progress
from workbook.course.model import Course, CourseError, find_course
from workbook.course.points import points_text

if TYPE_CHECKING:
    from rich.text import Text

    from workbook.course.model import Lesson
    from workbook.course.progress import Progress

SCHEMA = "fastapi-workbook/status/v1"
BAR_CELLS = 20


def status(
    fresh: Annotated[bool, typer.Option("--fresh", help="Run all checks again first.")] = False,
    page: Annotated[bool, typer.Option("--page", help="Show every exercise, as a page in the browser.")] = False,
    json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Show the points of every lesson, as the last checks found them."""
    course = find_course()
    if not course.lessons:
        raise CourseError("The course has no lessons yet: lessons/ holds no lesson_NN/lesson.toml.")
    if fresh:
        _check_all(course)
    known = progress.load(course)
    if json:
        print_json(_data(course, known))
    elif page:
        _show_page(course, known)
    else:
        _print_table(course, known)


def _check_all(course: Course) -> None:
    """Run every check of the learner's own lessons; the run itself records what it finds."""
    import subprocess

    print("Checking every lesson …", file=sys.stderr, flush=True)
    folders = [str(folder) for lesson in course.lessons if (folder := course.checks_dir / lesson.folder).is_dir()]
    run = subprocess.run(checks_command(folders), capture_output=True, check=False)
    if run.returncode not in (0, 1):
        raise CourseError("The checks did not run to their end: `workbook check 1` says why.")


def _show_page(course: Course, known: Progress) -> None:
    from workbook.cli.lab import has_screen
    from workbook.course.files import replace_file
    from workbook.feedback.contents import contents_document

    course.state_dir.mkdir(exist_ok=True)
    file = replace_file(course.state_dir / "status.html", contents_document(course, known))
    print(f"Where you are: {file.relative_to(course.root).as_posix()}")
    if has_screen():
        typer.launch(file.as_uri())


def _print_table(course: Course, known: Progress) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Lesson", no_wrap=True)
    table.add_column("")
    table.add_column("Points", justify="right", no_wrap=True)
    table.add_column("Exercises", no_wrap=True)
    for lesson in course.lessons:
        points = _points(lesson, known)
        table.add_row(
            f"{lesson.number} · {lesson.title}",
            _bar(points, lesson.max_points),
            f"{points_text(points)}/{lesson.max_points}",
            _marks(lesson, known),
        )
    total = sum(_points(lesson, known) for lesson in course.lessons)
    most = sum(lesson.max_points for lesson in course.lessons)
    table.add_row(Text("Total", style="bold"), _bar(total, most), Text(f"{points_text(total)}/{most}", style="bold"))
    console().print(table)


def _points(lesson: Lesson, known: Progress) -> float:
    return round(sum(known.points(exercise.id) for exercise in lesson.exercises), 2)


def _bar(points: float, most: int) -> Text:
    from rich.text import Text

    cells = int(BAR_CELLS * points / most) if most else 0
    return Text.assemble(("█" * cells, "green"), ("░" * (BAR_CELLS - cells), "dim"))


def _marks(lesson: Lesson, known: Progress) -> Text:
    from rich.text import Text

    verdicts = [known.verdict(exercise.id) for exercise in lesson.exercises]
    return Text(" ").join(Text(verdict.mark, verdict.colour or "dim") for verdict in verdicts)


def _data(course: Course, known: Progress) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "points": round(sum(_points(lesson, known) for lesson in course.lessons), 2),
        "max_points": sum(lesson.max_points for lesson in course.lessons),
        "lessons": [
            {
                "lesson": lesson.number,
                "title": lesson.title,
                "points": _points(lesson, known),
                "max_points": lesson.max_points,
                "exercises": [
                    {
                        "exercise": exercise.id,
                        "title": exercise.title,
                        "verdict": known.verdict(exercise.id).value,
                        "points": known.points(exercise.id),
                        "max_points": exercise.points,
                    }
                    for exercise in lesson.exercises
                ],
            }
            for lesson in course.lessons
        ],
    }
