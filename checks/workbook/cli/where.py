"""Bare ``workbook``: where am I, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbook.cli.console import count, print_json
from workbook.course import progress
from workbook.course.model import HINT_LEVELS, Course, CourseError, Exercise, find_course
from workbook.course.points import points_text
from workbook.course.results import Verdict

if TYPE_CHECKING:
    from workbook.course.progress import Progress

SCHEMA = "fastapi-workbook/where/v1"


def where(*, json: bool) -> None:
    """Print the current exercise, and the next command and file."""
    course = find_course()
    if not course.lessons:
        raise CourseError("The course has no lessons yet: lessons/ holds no lesson_NN/lesson.toml.")
    known = progress.load(course)
    exercise = known.current(course)
    if json:
        print_json(_data(course, known, exercise))
    else:
        print("\n".join(_lines(course, known, exercise)))


def _lines(course: Course, known: Progress, exercise: Exercise | None) -> list[str]:
    if exercise is None:
        return [
            _total(course, known),
            "",
            "Every exercise has passed. Well done.",
            "Compare     workbook diff 1           your work beside the solution",
            "Look back   workbook status",
        ]
    lesson = course.lesson(exercise.lesson)
    first = exercise.number == 1 and known.verdict(exercise.id) is Verdict.NOT_STARTED
    read = known.hint_level(exercise.id)
    rows = [
        ("Lesson", f"{lesson.number} · {lesson.title}" + (f" ({lesson.minutes} minutes)" if first else "")),
        ("Exercise", f"{exercise.id} · {exercise.title} ({_state(known, exercise)})"),
        ("Read", f"workbook lab {lesson.number}", _relative(course, exercise)),
        ("Edit", f"lessons/{lesson.folder}/{exercise.files[0]}"),
        ("Check", f"workbook check {exercise.id}", f"or on every save: workbook watch {lesson.number}"),
        ("Stuck?", f"workbook hint {exercise.id}", f"{read} of {HINT_LEVELS} read" if read else ""),
    ]
    if first:
        rows[4:] = [rows[4]]
        if lesson.grows:
            many = count(len(lesson.grows), "file") + (" is" if len(lesson.grows) == 1 else " are")
            rows.insert(3, ("Today", f"{many} new or changed; all others are as lesson {lesson.number - 1} left them"))
    return [_total(course, known), "", *(_row(*row) for row in rows)]


def _row(label: str, text: str, note: str = "") -> str:
    return f"{label:<12}{text:<26}{note}".rstrip() if note else f"{label:<12}{text}"


def _total(course: Course, known: Progress) -> str:
    lessons = course.lessons
    points = sum(known.points(exercise.id) for lesson in lessons for exercise in lesson.exercises)
    most = sum(lesson.max_points for lesson in lessons)
    return f"FastAPI workbook · {points_text(points)} of {most} points in {count(len(lessons), 'lesson')}"


def _state(known: Progress, exercise: Exercise) -> str:
    verdict = known.verdict(exercise.id)
    if verdict is Verdict.NOT_STARTED:
        return count(exercise.points, "point")
    return f"last check: {verdict.words}, {points_text(known.points(exercise.id))}/{exercise.points}"


def _relative(course: Course, exercise: Exercise) -> str:
    return course.notebook(course.lesson(exercise.lesson)).relative_to(course.root).as_posix()


def _data(course: Course, known: Progress, exercise: Exercise | None) -> dict[str, Any]:
    exercises = [each for lesson in course.lessons for each in lesson.exercises]
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "points": round(sum(known.points(each.id) for each in exercises), 2),
        "max_points": sum(each.points for each in exercises),
        "lesson": None,
        "exercise": None,
    }
    if exercise is None:
        return data
    lesson = course.lesson(exercise.lesson)
    return data | {
        "lesson": lesson.number,
        "exercise": exercise.id,
        "title": exercise.title,
        "verdict": known.verdict(exercise.id).value,
        "hint_level": known.hint_level(exercise.id),
        "notebook": _relative(course, exercise),
        "file": f"lessons/{lesson.folder}/{exercise.files[0]}",
        "command": f"workbook check {exercise.id}",
    }
