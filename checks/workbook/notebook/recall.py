"""``%recall 3``: what was predicted wrongly in the lessons before, asked once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.course import predictions
from workbook.course.model import CourseError
from workbook.feedback.html import card, rich, safe
from workbook.notebook.cards import Card, note

if TYPE_CHECKING:
    from workbook.course.model import Course

MOST = 3


def recall(course: Course, text: str) -> Card:
    """The latest predictions of earlier lessons that were wrong, each with its answer folded.

    Args:
        course: the course.
        text: what stands after ``%recall``: the lesson that begins.

    Raises:
        CourseError: it is no lesson.
    """
    if not text.strip().isdecimal():
        raise CourseError("Say which lesson begins: `%recall 3`.")
    lesson = int(text)
    before = [answered for answered in predictions.load(course).values() if answered.lesson < lesson]
    wrong = [answered for answered in before if not answered.right][-MOST:]
    if not wrong:
        return note(
            "Every prediction that you noted in the lessons before was right."
            if before
            else "You have noted no predictions in the lessons before, so there is none to come back to."
        )
    title = "You were surprised by this once. Would you be now?"
    plain, markup = [title], [f"<strong>{title}</strong>"]
    for answered in wrong:
        options = "  ".join(answered.options)
        answer = f"It was {answered.happened}. In lesson {answered.lesson} you said {answered.said}."
        plain += ["", answered.question, *([options] if options else []), f"Answer: {answer}"]
        asked = rich(answered.question) + (f"<br>{safe(options)}" if options else "")
        markup.append(f"<details><summary>{asked}</summary><p>{rich(answer)}</p></details>")
    return Card("\n".join(plain), card("".join(markup)))
