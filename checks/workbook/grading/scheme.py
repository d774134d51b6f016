"""How points become a mark: weights of lessons, the lowest ones dropped, and a scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbook.course.points import points_text

if TYPE_CHECKING:
    from workbook.grading.gradebook import LearnerGrade


@dataclass(frozen=True)
class Scheme:
    """What the instructor chose. Without a choice, a mark is the points."""

    scale: float = 0.0
    """What a mark is out of; 0: the points of all lessons, or 100 where lessons are weighed or dropped."""
    weights: Mapping[int, float] = field(default_factory=dict[int, float])
    """How much each lesson counts, by its number. Without any, a lesson counts as much as its points; with some, a
    lesson that is not named counts 1."""
    drop_lowest: int = 0
    """How many of a learner's lessons, the lowest ones, do not count."""

    @property
    def is_plain(self) -> bool:
        """Whether a mark is the points."""
        return not (self.scale or self.weights or self.drop_lowest)

    def out_of(self, max_points: float) -> float:
        """The best mark, where all lessons together are worth so many points."""
        return max_points if self.is_plain else self.scale or 100.0

    def mark(self, grade: LearnerGrade) -> float:
        """A learner's mark, being late taken into account."""
        if self.is_plain:
            return grade.points
        lessons = [lesson for lesson in grade.lessons if lesson.max_points]
        parts = sorted(
            (grade.counted(lesson) / lesson.max_points, self.weights.get(lesson.lesson, 1.0), lesson.max_points)
            for lesson in lessons
        )
        kept = parts[min(self.drop_lowest, max(0, len(parts) - 1)) :]
        weighed = [(share, weight if self.weights else float(worth)) for share, weight, worth in kept]
        whole = sum(weight for _, weight in weighed)
        share = sum(share * weight for share, weight in weighed) / whole if whole else 0.0
        return round(share * self.out_of(grade.max_points), 2)

    def sentence(self) -> str:
        """The scheme as people read it; empty where a mark is the points."""
        if self.is_plain:
            return ""
        parts = [f"Marks are out of {points_text(self.out_of(0.0))}."]
        if self.weights:
            named = ", ".join(f"lesson {number} {points_text(weight)}" for number, weight in self.weights.items())
            parts.append(f"Lessons count by weight: {named}, each other one 1.")
        if self.drop_lowest:
            which = "lesson does" if self.drop_lowest == 1 else f"{self.drop_lowest} lessons do"
            parts.append(f"The lowest {which} not count.")
        return " ".join(parts)
