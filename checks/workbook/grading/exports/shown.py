"""What a learner is shown of a graded exercise: the words that they know from home, and nothing of hidden checks."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from workbook.course.message import Message
from workbook.course.results import CheckResult, ExerciseResult, Verdict
from workbook.course.text import block
from workbook.grading.exports import marks
from workbook.grading.gradebook import LearnerGrade, LessonGrade, Standing

HIDDEN = "A further check of your instructor's does not pass."
DECIDED = "By hand"
"""The label of what an instructor decided."""
NOT_GRADED = "Not graded yet: the grader has a fault here. It is not yours, and costs you nothing."

_OWN_ROWS = frozenset({"Expected", "Look at", "Stuck?"})
"""Rows that speak of the exercise, not of what stopped it."""
_COURSE_CHECK = re.compile(r"checks/lesson_\d\d/(?:[\w-]+/)*[\w-]+\.py(?:::.*)?", re.DOTALL)


def is_hidden(check: CheckResult) -> bool:
    """Whether a check is the instructor's own: its name is not a path below ``checks/lesson_NN``.

    A name of any other form counts as hidden, so that a mistake shows too little and not too much.
    """
    return not _is_of_course(check.name)


@lru_cache(maxsize=4096)
def _is_of_course(name: str) -> bool:
    return _COURSE_CHECK.fullmatch(name) is not None


def explain(exercise: ExerciseResult) -> str:
    """The message for an exercise: of the first check that did not pass and may be shown; empty where there is none."""
    if exercise.verdict is Verdict.CHECK_ERROR:
        return NOT_GRADED
    message = told(exercise)
    if message is not None:
        return _words(message)
    return HIDDEN if any(is_hidden(check) for check in exercise.checks if not check.passed) else ""


def told(exercise: ExerciseResult) -> Message | None:
    """The first message of an exercise that a learner may see; None where there is none."""
    if exercise.verdict is Verdict.CHECK_ERROR:
        return None
    failed = (check for check in exercise.checks if not check.passed and not is_hidden(check))
    message = next((check.message for check in failed if check.message is not None), None)
    if not exercise.remark:
        return message
    decided = (DECIDED, exercise.remark)
    return replace(message, rows=(decided, *message.rows)) if message else Message((decided,), "decided")


def same_stop(exercise: ExerciseResult) -> object:
    """What stopped an exercise, where that may have stopped others too; None where it did not.

    A program that does not start, or is ended, fails all exercises of a lesson in one way. Equal answers mean one
    reason, which need be told but once.
    """
    message = told(exercise)
    if message is None or exercise.verdict not in (Verdict.CRASHED, Verdict.TIMED_OUT):
        return None
    return message.kind, tuple(row for row in message.rows if row[0] not in _OWN_ROWS)


@lru_cache(maxsize=65_536)
def _words(message: Message) -> str:
    """A message as lines; several formats show the same ones, and wrapping lines takes most of their time."""
    return block(str(message))


def about_lesson(grade: LearnerGrade, lesson: LessonGrade) -> str:
    """Why a lesson has no exercises to show; empty where it has."""
    if lesson.result is not None:
        return ""
    if not marks.is_graded(grade, lesson):
        return NOT_GRADED
    if lesson.problem:
        return f"This lesson could not be graded. {block(lesson.problem)}"
    return "This lesson is not in what you handed in." if grade.standing is Standing.HANDED_IN else "Nothing to grade."


def about_grade(grade: LearnerGrade) -> str:
    """What a learner has to know about the whole grade; empty where nothing is special."""
    if grade.standing is Standing.MISSING and not grade.is_decided:
        return "Nothing was handed in."
    if grade.standing is Standing.INVALID:
        return f"Your upload could not be graded. {block(grade.problem)}".strip()
    if not marks.is_final(grade):
        return "Your grade is not final: a part of it is not graded yet, through no fault of yours."
    return ""


def about_lateness(grade: LearnerGrade | LessonGrade) -> str:
    """What being late did to all of the work, or to a lesson with a due date of its own; empty where it was in time."""
    late = grade.lateness
    if late is None or late.days <= 0:
        return ""
    begun = -int(-late.days // 1)
    days = "1 day" if begun == 1 else f"{begun} days"
    off = f"{late.percent:g} % of the points are" if late.percent else "nothing is"
    return f"Handed in {days} late (a day that was begun counts as one): {off} taken off."
