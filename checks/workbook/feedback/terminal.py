"""The feedback in a terminal: a table of exercises, and one message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbook.course import Lesson
from workbook.feedback.message import MAX_COLUMNS
from workbook.results import ExerciseResult, LessonResult, Report, Verdict

_WIDTH = 66
"""Columns up to which titles and points stand."""

_MARKS = {
    Verdict.PASSED: ("✔", "+"),
    Verdict.FAILED: ("✘", "x"),
    Verdict.CRASHED: ("✘", "x"),
    Verdict.TIMED_OUT: ("✘", "x"),
    Verdict.NOT_STARTED: ("·", "."),
    Verdict.CHECK_ERROR: ("!", "!"),
}
_COLOURS = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "red",
    Verdict.CRASHED: "red",
    Verdict.TIMED_OUT: "red",
    Verdict.NOT_STARTED: "",
    Verdict.CHECK_ERROR: "yellow",
}


@dataclass(frozen=True)
class Line:
    """One line with at most one colour, by the names pytest's terminal writer knows."""

    text: str
    colour: str = ""
    bold: bool = False


def number(points: float) -> str:
    """Points without needless decimals."""
    return f"{points:g}"


def state(exercise: ExerciseResult) -> str:
    """What stands at the end of an exercise's line: its points, or why there are none."""
    if exercise.verdict is Verdict.NOT_STARTED:
        return "not started"
    if not exercise.selected_all:
        passed = sum(check.passed for check in exercise.checks)
        return f"{passed} of {len(exercise.checks)} chosen checks pass"
    points = f"{number(exercise.points)}/{exercise.max_points}"
    words = {
        Verdict.CRASHED: "  crashed",
        Verdict.TIMED_OUT: "  timed out",
        Verdict.CHECK_ERROR: "  a fault of the workbook",
    }
    return points + words.get(exercise.verdict, "")


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
    total = f"{number(lesson.points)} of {lesson.max_points} points"
    yield Line(f"{head:<{_WIDTH - len(total) + 3}}{total}", bold=True)
    yield Line("")
    for exercise in lesson.exercises:
        mark = _MARKS[exercise.verdict][0 if unicode else 1]
        title = f" {mark} {exercise.exercise:<4} {exercise.title}"
        yield Line(f"{title:<{_WIDTH - 9}}  {state(exercise)}"[:MAX_COLUMNS], _COLOURS[exercise.verdict])
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
