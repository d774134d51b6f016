"""The buttons below a card.

They are plain HTML which says what each one asks for. In JupyterLab our extension shows them and answers a click;
elsewhere the card's style hides them, and the cells and commands do the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.course.results import Verdict
from workbook.feedback.html import safe

if TYPE_CHECKING:
    from workbook.course.model import Course, Exercise, Lesson
    from workbook.course.results import ExerciseResult, Report

_PLACE = re.compile(r"(?P<file>lessons/[^\s:]+)(?::(?P<line>\d+))?")


def buttons(course: Course, lesson: Lesson, card: str, report: Report) -> str:
    """What can be done after a run of checks: check again, open the file, get a hint, compare, go on.

    Args:
        course: the course.
        lesson: the lesson that was checked.
        card: what was asked for, ``"2"`` or ``"2.3"``: later runs of it renew this card.
        report: what the run found.

    Returns:
        Ready HTML.
    """
    results = [exercise for found in report.lessons for exercise in found.exercises]
    problem = next((found.first_problem for found in report.lessons if found.first_problem), None)
    parts = [button("check", "Check again")]
    if problem is not None:
        exercise = course.exercise(problem.exercise)
        if place := _place(course, lesson, exercise, problem):
            parts.append(button("open", f"Open {place[0].rpartition('/')[2]}", path=place[0], line=place[1]))
        parts.append(button("hint", "Hint", exercise=exercise.id))
    elif results:
        done = course.exercise(results[-1].exercise)
        parts.append(button("diff", "Compare with the solution", exercise=done.id))
        parts += _onward(course, lesson, done)
    live = button("live", "Stop that", off="yes", kind="wb-link")
    note = f'<span class="wb-live" role="status">Renews itself after each save.</span> {live}'
    return f'<div class="wb-buttons" data-wb-card="{safe(card)}">{"".join(parts)}<span>{note}</span></div>'


def button(do: str, text: str, *, kind: str = "wb-button", **details: str | int | None) -> str:
    """One button.

    Args:
        do: what it asks for; the extension knows it.
        text: what it says.
        kind: how it looks.
        details: what belongs to the question.
    """
    given = "".join(f' data-wb-{name}="{safe(str(value))}"' for name, value in details.items() if value is not None)
    return f'<button type="button" class="{kind}" data-wb="{do}"{given}>{safe(text)}</button>'


def _onward(course: Course, lesson: Lesson, done: Exercise) -> list[str]:
    later = next((exercise for exercise in lesson.exercises if exercise.number > done.number), None)
    if later is not None:
        path, line = where_to_write(course, lesson, later)
        return [button("exercise", f"Next: exercise {later.id}", exercise=later.id, path=path, line=line)]
    following = next((other for other in course.lessons if other.number > lesson.number), None)
    return [button("lesson", f"Next: lesson {following.number}", lesson=following.number)] if following else []


def first_file(course: Course, lesson: Lesson, exercise: Exercise) -> str | None:
    """The first of an exercise's files that exists, relative to the course."""
    names = [f"lessons/{lesson.folder}/{name}" for name in exercise.files]
    return next((name for name in names if (course.root / name).is_file()), None)


def where_to_write(course: Course, lesson: Lesson, exercise: Exercise) -> tuple[str | None, int | None]:
    """The file, relative to the course, and the line of the starter's comment that names an exercise.

    Without such a comment it is the first of its files that exists.
    """
    for name in exercise.files:
        path = f"lessons/{lesson.folder}/{name}"
        try:
            lines = (course.root / path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for number, line in enumerate(lines, start=1):
            if f"Exercise {exercise.id}:" in line:
                return path, number
    return first_file(course, lesson, exercise), None


def _place(
    course: Course, lesson: Lesson, exercise: Exercise, problem: ExerciseResult
) -> tuple[str, int | None] | None:
    """The file, and perhaps the line, that a message names; else where the exercise is to be written."""
    named = problem.message.row("Look at") if problem.message and problem.verdict is not Verdict.NOT_STARTED else None
    match = _PLACE.search(named or "")
    if match and (course.root / match["file"]).is_file():
        return match["file"], int(match["line"]) if match["line"] else None
    file, line = where_to_write(course, lesson, exercise)
    return (file, line) if file else None
