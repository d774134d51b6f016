"""The feedback in a terminal: a table of exercises, and one message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbook.course.message import MAX_COLUMNS
from workbook.course.model import Lesson
from workbook.course.points import points_text
from workbook.course.results import ExerciseResult, LessonResult, Report, Verdict

_WIDTH = 66
"""Columns up to which titles and points stand."""

_PLAIN = {"✔": "+", "✘": "x", "·": "."}
"""What stands for a mark where the terminal has no such sign."""


@dataclass(frozen=True)
class Line:
    """One line with at most one colour, by the names pytest's terminal writer knows."""

    text: str
    colour: str = ""
    bold: bool = False


def state(exercise: ExerciseResult) -> str:
    """What stands at the end of an exercise's line: its points, or why there are none."""
    if exercise.verdict is Verdict.NOT_STARTED:
        return exercise.verdict.words
    if not exercise.selected_all:
        passed = sum(check.passed for check in exercise.checks)
        return f"{passed} of {len(exercise.checks)} chosen checks pass"
    points = f"{points_text(exercise.points)}/{exercise.max_points}"
    told = exercise.verdict in (Verdict.CRASHED, Verdict.TIMED_OUT, Verdict.CHECK_ERROR)
    return f"{points}  {exercise.verdict.words}" if told else points


def report_lines(report: Report, lessons: dict[int, Lesson], *, unicode: bool = True) -> Iterator[Line]:
    """The whole feedback of a run, line by line."""
    shown = False
    for lesson in report.lessons:
        yield Line("")
        yield from lesson_lines(lesson, with_message=not shown, unicode=unicode)
        shown = shown or lesson.first_problem is not None
    yield Line("")
    yield from closing_lines(report, lessons)


def lesson_lines(lesson: LessonResult, *, with_message: bool = True, unicode: bool = True) -> Iterator[Line]:
    """One lesson: its exercises, and below the earliest open one its message."""
    separator = "·" if unicode else "-"
    head = f"Lesson {lesson.lesson} {separator} {lesson.title}"
    total = f"{points_text(lesson.points)} of {lesson.max_points} points"
    yield Line(f"{head:<{_WIDTH - len(total) + 3}}{total}", bold=True)
    yield Line("")
    for exercise in lesson.exercises:
        mark = exercise.verdict.mark if unicode else _PLAIN.get(exercise.verdict.mark, exercise.verdict.mark)
        title = f" {mark} {exercise.exercise:<4} {exercise.title}"
        yield Line(f"{title:<{_WIDTH - 9}}  {state(exercise)}"[:MAX_COLUMNS], exercise.verdict.colour)
        if with_message and exercise is lesson.first_problem and exercise.message is not None:
            for text in exercise.message.lines():
                yield Line(f"        {text}".rstrip())


def closing_lines(report: Report, lessons: dict[int, Lesson]) -> Iterator[Line]:
    """What to do next."""
    if not report.lessons:
        return
    first = next((problem for lesson in report.lessons if (problem := lesson.first_problem)), None)
    errors = [e for lesson in report.lessons for e in lesson.exercises if e.verdict is Verdict.CHECK_ERROR]
    if errors:
        yield Line("A check itself is broken. That is a fault of the workbook, not yours: please report it.", "yellow")
    if first is None:
        last = report.lessons[-1]
        partial = any(not exercise.selected_all for lesson in report.lessons for exercise in lesson.exercises)
        whole = lessons.get(last.lesson)
        if partial or whole is None or len(last.exercises) < len(whole.exercises):
            yield Line("All of these checks pass.", "green")
        elif last.lesson + 1 in lessons:
            following = lessons[last.lesson + 1]
            yield Line(
                f"Lesson {last.lesson} is done. Well built. Next: lesson {following.number}, {following.title}:",
                "green",
            )
            yield Line(f"workbook lab {following.number}")
        else:
            yield Line(f"Lesson {last.lesson} is done. Well built.", "green")
    elif first.verdict is Verdict.NOT_STARTED:
        yield Line(f"Next: exercise {first.exercise}, {first.title}.")
