"""What an instructor decides after the grading: points by hand, with a reason, and asking for a regrade.

Nothing is ever removed: a decision is a line in a log, and a later one takes its place. So the log says who decided
what, when, and why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from workbook.course.model import Exercise, Lesson
from workbook.course.points import points_text
from workbook.course.results import ExerciseResult, LessonResult, Verdict
from workbook.grading.gradebook import LessonGrade


class ChangeKind(StrEnum):
    """What was decided."""

    OVERRIDE = "override"
    """An exercise is worth the points that are given, whatever the checks say."""
    WITHDRAW = "withdraw"
    """What the checks say counts again."""
    REGRADE = "regrade"
    """A learner's work is graded anew."""


@dataclass(frozen=True)
class Change:
    """One decision."""

    kind: ChangeKind
    learner: str
    """The learner's id."""
    exercise: str
    """Such as ``"2.3"``; empty where it concerns all of a learner's work."""
    points: float | None
    because: str
    """For the learner to read."""
    by: str
    at: datetime
    """With a time zone."""


def overrides(changes: Iterable[Change]) -> dict[tuple[str, str], Change]:
    """The overrides that hold, by learner and exercise."""
    held: dict[tuple[str, str], Change] = {}
    for change in changes:
        if change.kind is ChangeKind.OVERRIDE:
            held[change.learner, change.exercise] = change
        elif change.kind is ChangeKind.WITHDRAW:
            held.pop((change.learner, change.exercise), None)
    return held


def apply(lesson: Lesson, grade: LessonGrade, held: dict[str, Change]) -> LessonGrade:
    """A lesson's grade with what was decided by hand.

    Args:
        lesson: the lesson, with all its exercises.
        grade: what the checks say.
        held: the learner's overrides by exercise; those of other lessons change nothing.

    Returns:
        The grade as it counts. A lesson that was not handed in gets the exercises that have points by hand, and all
        others as not started. One that could not be graded stays so: its other exercises are not known.
    """
    mine = [exercise for exercise in lesson.exercises if exercise.id in held]
    if not mine or (grade.result is None and grade.handed_in):
        return grade
    found = {entry.exercise: entry for entry in (grade.result.exercises if grade.result else ())}
    exercises = tuple(
        _decided(found.get(exercise.id) or _not_started(exercise), held[exercise.id])
        if exercise in mine
        else found.get(exercise.id) or _not_started(exercise)
        for exercise in lesson.exercises
    )
    return replace(
        grade,
        result=LessonResult(lesson.number, lesson.title, exercises),
        overrides=tuple(exercise.id for exercise in mine),
    )


def _not_started(exercise: Exercise) -> ExerciseResult:
    return ExerciseResult(exercise.id, exercise.title, Verdict.NOT_STARTED, 0.0, exercise.points, ())


def _decided(entry: ExerciseResult, change: Change) -> ExerciseResult:
    points = change.points or 0.0
    if points >= entry.max_points:
        verdict = Verdict.PASSED
    elif entry.verdict in (Verdict.PASSED, Verdict.NOT_STARTED, Verdict.CHECK_ERROR):
        verdict = Verdict.FAILED
    else:
        verdict = entry.verdict
    was = "" if entry.verdict is Verdict.CHECK_ERROR else f" The checks gave {points_text(entry.points)}."
    remark = f"{points_text(points)} of {entry.max_points} points, decided by your instructor: {change.because}{was}"
    return replace(entry, points=points, verdict=verdict, remark=remark)
