"""What a class says of an exercise: how many began it, how many passed, and whether it tells learners apart.

Discrimination is the correlation of the points for an exercise with the points for everything else (the corrected
item-total correlation of classical test theory). About 0.3 and more is usual; near 0, who passes it has little to do
with who passes the rest; below 0, look at its checks and its text.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import StatisticsError, correlation

from workbook.course.results import Verdict
from workbook.grading.gradebook import Gradebook

FEWEST = 10
"""Learners below which a correlation says more about chance than about an exercise."""


@dataclass(frozen=True)
class Item:
    """One exercise, over all who handed its lesson in and could be graded."""

    exercise: str
    learners: int
    began: int
    """How many wrote something for it."""
    passed: int
    share: float
    """Of its points, what was earned on average, from 0 to 1."""
    discrimination: float | None
    """From -1 to 1; None for fewer than ``FEWEST`` learners, or where everybody earned the same."""


def item_statistics(book: Gradebook) -> list[Item]:
    """Each exercise of the graded lessons, in order."""
    rows: dict[str, list[tuple[Verdict, float, float]]] = {}
    for grade in book.learners:
        whole = grade.raw_points
        for lesson in grade.lessons:
            for entry in lesson.result.exercises if lesson.result else ():
                if entry.verdict is not Verdict.CHECK_ERROR:
                    rows.setdefault(entry.exercise, []).append((entry.verdict, entry.points, whole - entry.points))
    return [
        _item(exercise.id, float(exercise.points), rows.get(exercise.id, []))
        for lesson in book.lessons
        for exercise in lesson.exercises
    ]


def _item(exercise: str, worth: float, rows: list[tuple[Verdict, float, float]]) -> Item:
    count = len(rows)
    return Item(
        exercise,
        count,
        began=sum(verdict is not Verdict.NOT_STARTED for verdict, _, _ in rows),
        passed=sum(verdict is Verdict.PASSED for verdict, _, _ in rows),
        share=round(sum(points for _, points, _ in rows) / (worth * count), 4) if worth and count else 0.0,
        discrimination=_discrimination([points for _, points, _ in rows], [rest for _, _, rest in rows]),
    )


def _discrimination(points: list[float], rest: list[float]) -> float | None:
    if len(points) < FEWEST:
        return None
    try:
        return round(correlation(points, rest), 2)
    except StatisticsError:  # one of them is the same for everybody
        return None
