"""Work of every kind for the real lessons: solutions, starters and all variants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbook.authoring.starters import build_lesson
from workbook.authoring.variants import apply_variant, read_variants
from workbook.course.model import Course, Lesson
from workbook.grading.intake.submission import Files


@dataclass(frozen=True)
class Work:
    """One lesson, done in one way."""

    lesson: Lesson
    name: str
    files: Files


def all_works(course: Course) -> Iterator[Work]:
    """Everything that the repository has, lesson by lesson."""
    for lesson in course.lessons:
        built = build_lesson(course, lesson)
        yield Work(lesson, "solution", built.solution)
        yield Work(lesson, "starter", built.files)
        for variant in read_variants(course, lesson):
            kind = "right" if variant.is_right else "wrong"
            yield Work(lesson, f"{kind} {variant.name}", apply_variant(built, variant))
