"""A second try for what may have been bad luck. A verdict that differs then is unstable, and the better one counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workbook.grading.task import GradeAnswer, GradeTask
from workbook.results import ExerciseResult, Verdict

_DOUBTFUL = (Verdict.CRASHED, Verdict.TIMED_OUT, Verdict.CHECK_ERROR)
"""Verdicts that a busy or broken machine can cause."""


def grade_fairly(grade: Callable[[GradeTask], GradeAnswer], task: GradeTask) -> GradeAnswer:
    """Grade a lesson, and once more where an exercise crashed, timed out or could not be decided, or it is asked for.

    Args:
        grade: does it once; what goes wrong on our side comes back as ``error``.
        task: what to grade.

    Returns:
        The better verdict of each exercise, with those that differed in ``unstable``.
    """
    first = grade(task)
    if (
        not task.twice
        and first.result is not None
        and not any(entry.verdict in _DOUBTFUL for entry in first.result.exercises)
    ):
        return first
    second = grade(task)
    seconds = round(first.seconds + second.seconds, 3)
    if first.result is None or second.result is None:
        return replace(second if first.result is None else first, seconds=seconds)
    pairs = list(zip(first.result.exercises, second.result.exercises, strict=True))
    result = replace(first.result, exercises=tuple(_better(one, other) for one, other in pairs))
    unstable = tuple(one.exercise for one, other in pairs if one.verdict is not other.verdict)
    return GradeAnswer(result, unstable=unstable, seconds=seconds)


def _better(one: ExerciseResult, other: ExerciseResult) -> ExerciseResult:
    if one.verdict is Verdict.CHECK_ERROR or other.points > one.points:
        return other
    return one
