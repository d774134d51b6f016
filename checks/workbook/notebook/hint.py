"""``%hint 2.3``: one step more of help each time, shared with the ``workbook hint`` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.course import progress
from workbook.course.model import HINT_LEVELS, CourseError
from workbook.feedback.html import card, rich, safe
from workbook.notebook.cards import Card

if TYPE_CHECKING:
    from workbook.course.model import Course


def hint(course: Course, text: str, *, again: str = "Run this cell again") -> Card:
    """Give the next hint of an exercise.

    Args:
        course: the course.
        text: what stands after ``%hint``, such as ``"2.3"``.
        again: what to do for the next one.

    Raises:
        CourseError: it is no exercise of the course.
    """
    text = text.strip()
    if not text:
        raise CourseError("Say for which exercise: `%hint 2.3`.")
    if text.isdecimal():
        raise CourseError(f"Hints belong to an exercise: write `%hint {text}.1` for the first one of lesson {text}.")
    exercise = course.exercise(text)
    level, words = progress.reveal_hint(course, exercise.id)
    title = f"Hint {level} of {HINT_LEVELS} for {exercise.id} · {exercise.title}"
    more = (
        f"{again} for one step more."
        if level < HINT_LEVELS
        else f"This is the last hint. After it comes the solution: `workbook solution {exercise.id}` in a terminal."
    )
    markup = f'<strong>{safe(title)}</strong><p>{rich(words)}</p><p class="wb-rest">{rich(more)}</p>'
    return Card(f"{title}\n\n{words}\n\n{more.replace('`', '')}", card(markup))
