"""A second try for what may have been bad luck. A verdict that differs then is unstable, and the better one counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workbook.course.results import ExerciseResult, Verdict
from workbook.grading.run.task import GradeAnswer, GradeTask

_DOUBTFUL = (Verdict.CRASHED, Verdict.TIMED_OUT, Verdict.CHECK_ERROR)
"""Verdicts that a busy or broken machine can cause."""
_RETRY_SECONDS = 5.0
"""With less time left, a second try could only run out of it."""


def grade_with_retry(grade: Callable[[GradeTask], GradeAnswer], task: GradeTask) -> GradeAnswer:
    """Grade a lesson, and once more those exercises that crashed, timed out or could not be decided.

    No other exercise gets another chance: else a crash on purpose would let every one be tried again. Both tries
    together have the time of the task.

    Args:
        grade: does it once; what goes wrong on our side comes back as ``error``.
        task: what to grade. With ``twice``, every exercise is tried again; that shows which verdicts are unstable, and
            changes none but the doubtful ones.

    Returns:
        The better verdict of each doubtful exercise, with all that differed in ``unstable``.
    """
    first = grade(task)
    if first.result is None:
        second = grade(task)
        return replace(second, seconds=round(first.seconds + second.seconds, 3))
    exercises = first.result.exercises
    again = [entry.exercise for entry in exercises if task.twice or entry.verdict in _DOUBTFUL]
    left = task.seconds - first.seconds
    if not again or left < _RETRY_SECONDS:
        return first
    second = grade(replace(task, exercises=tuple(again), seconds=left))
    seconds = round(first.seconds + second.seconds, 3)
    if second.result is None:
        return replace(first, seconds=seconds)
    others = {entry.exercise: entry for entry in second.result.exercises}
    pairs = [(entry, others.get(entry.exercise, entry)) for entry in exercises]
    result = replace(first.result, exercises=tuple(_better(one, other) for one, other in pairs))
    unstable = tuple(one.exercise for one, other in pairs if one.verdict is not other.verdict)
    return replace(first, result=result, unstable=unstable, seconds=seconds)


def _better(one: ExerciseResult, other: ExerciseResult) -> ExerciseResult:
    if one.verdict not in _DOUBTFUL:
        return one
    if one.verdict is Verdict.CHECK_ERROR or other.points > one.points:
        return other
    return one
