"""The whole course as a page: each lesson, how long it takes, and how far the learner is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.course.points import points_text
from workbook.course.progress import minutes_left
from workbook.feedback.html import card, safe

if TYPE_CHECKING:
    from workbook.course.model import Course, Exercise, Lesson
    from workbook.course.progress import Progress


def contents_document(course: Course, known: Progress) -> str:
    """The contents as a page of its own, for any browser."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>FastAPI workbook: where you are</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        'content="light dark"><style>body { max-width: 46rem; margin: 1rem auto; padding: 0 1rem; '
        "font-family: system-ui, sans-serif; line-height: 1.5 }</style></head>"
        f"<body><main>{contents_card(course, known, clickable=False)}</main></body></html>\n"
    )


def contents_card(course: Course, known: Progress, *, clickable: bool = True) -> str:
    """The contents as HTML.

    Args:
        course: the course.
        known: what the learner has done.
        clickable: whether each lesson's title is a button, which our extension of JupyterLab answers.
    """
    points = sum(known.points(exercise.id) for lesson in course.lessons for exercise in lesson.exercises)
    most = sum(lesson.max_points for lesson in course.lessons)
    head = f"<h1>FastAPI workbook</h1><p>{points_text(points)} of {most} points</p>"
    return card(head + "".join(_lesson(lesson, known, clickable=clickable) for lesson in course.lessons))


def _lesson(lesson: Lesson, known: Progress, *, clickable: bool) -> str:
    points = sum(known.points(exercise.id) for exercise in lesson.exercises)
    minutes = minutes_left(known, lesson)
    left = f"about {minutes} minutes left" if minutes else "done"
    title = f"{lesson.number} · {safe(lesson.title)}"
    button = f'<button type="button" class="wb-link" data-wb="lesson" data-wb-lesson="{lesson.number}">{title}</button>'
    rows = "".join(_exercise(exercise, known) for exercise in lesson.exercises)
    return (
        f'<div class="wb-head"><h2>{button if clickable else title}</h2>'
        f"<span>{points_text(points)} of {lesson.max_points} points, {left}</span></div>"
        f'<div class="wb-bar"><div style="width:{100 * points / lesson.max_points:.0f}%"></div></div>'
        f"<table><tbody>{rows}</tbody></table>"
    )


def _exercise(exercise: Exercise, known: Progress) -> str:
    verdict = known.verdict(exercise.id)
    stretch = " (stretch)" if exercise.stretch else ""
    return (
        f'<tr><td class="wb-mark">{verdict.mark}</td><td class="wb-id">{exercise.id}</td>'
        f'<td>{safe(exercise.title)}{stretch}</td><td class="wb-word">{verdict.words}</td>'
        f'<td class="wb-num">{points_text(known.points(exercise.id))}/{exercise.points}</td></tr>'
    )
