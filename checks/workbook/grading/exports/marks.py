"""Which points go into a gradebook, and which do not because a fault of ours stands in the way."""

from __future__ import annotations

from collections.abc import Sequence

from workbook.course.results import Verdict
from workbook.grading.exports.options import Missing
from workbook.grading.gradebook import Gradebook, LearnerGrade, LessonGrade, Standing


def is_graded(grade: LearnerGrade, lesson: LessonGrade) -> bool:
    """Whether a lesson's points are known: graded, or justly 0 because there was nothing to grade."""
    if lesson.grader_errors:
        return False
    return lesson.result is not None or not lesson.handed_in or grade.standing is not Standing.HANDED_IN


def is_final(grade: LearnerGrade) -> bool:
    """Whether every lesson's points are known."""
    return all(is_graded(grade, lesson) for lesson in grade.lessons)


def lesson_points(grade: LearnerGrade, lesson: LessonGrade) -> float | None:
    """What a lesson earned before anything is taken off; None where that is not known."""
    return lesson.points if is_graded(grade, lesson) else None


def exercise_points(grade: LearnerGrade, lesson: LessonGrade, exercise_id: str) -> float | None:
    """What an exercise earned; None where that is not known."""
    result = lesson.exercise(exercise_id)
    if result is not None:
        return None if result.verdict is Verdict.CHECK_ERROR else result.points
    return 0.0 if is_graded(grade, lesson) and lesson.result is None else None


def raw_points(grade: LearnerGrade, missing: Missing) -> float | None:
    """The sum before anything is taken off; None where there is no grade."""
    return grade.raw_points if _has_grade(grade, missing) else None


def final_points(grade: LearnerGrade, missing: Missing) -> float | None:
    """What goes into the gradebook; None where there is no grade."""
    return grade.points if _has_grade(grade, missing) else None


def final_mark(book: Gradebook, grade: LearnerGrade, missing: Missing) -> float | None:
    """The mark for a school's gradebook; None where there is no grade."""
    return book.mark(grade) if _has_grade(grade, missing) else None


def _has_grade(grade: LearnerGrade, missing: Missing) -> bool:
    nothing = grade.standing is Standing.MISSING and not grade.is_decided
    return is_final(grade) and (not nothing or missing is Missing.ZERO)


def why_no_grade(grade: LearnerGrade) -> str:
    """Why a learner has none, for the instructor."""
    return "nothing was handed in" if grade.standing is Standing.MISSING else "a grader error stands in the way"


def flags(grade: LearnerGrade) -> tuple[str, ...]:
    """What an instructor should look at, in a few words each."""
    unstable = [exercise for lesson in grade.lessons for exercise in lesson.unstable]
    decided = [exercise for lesson in grade.lessons for exercise in lesson.overrides]
    refused = [lesson.lesson for lesson in grade.lessons if lesson.problem]
    absent = [lesson.lesson for lesson in grade.lessons if not lesson.handed_in and not lesson.problem]
    found = {
        "grader error": not is_final(grade),
        "missing": grade.standing is Standing.MISSING,
        "invalid upload": grade.standing is Standing.INVALID,
        f"unstable: {' '.join(unstable)}": bool(unstable),
        "not in roster": not grade.learner.in_roster,
        "late": grade.lateness.days > 0 or any(lesson.lateness and lesson.lateness.days for lesson in grade.lessons),
        f"decided by hand: {' '.join(decided)}": bool(decided),
        f"not handed in: {', '.join(f'lesson {number}' for number in absent)}": bool(absent)
        and grade.standing is Standing.HANDED_IN,
        f"cannot be graded: {', '.join(f'lesson {number}' for number in refused)}": bool(refused),
        "has notes": bool(grade.notes),
    }
    return tuple(words for words, holds in found.items() if holds)


def whole_points(parts: Sequence[float], total: float) -> list[int]:
    """Share a total out in whole points, for formats that have no others.

    Args:
        parts: what each exercise earned before anything was taken off.
        total: what goes into the gradebook; it is rounded to a whole number, half a point up.

    Returns:
        A number for each part, in proportion (largest remainder), never more than the part rounded up; their sum is
        the rounded total.
    """
    cents = [round(100 * part) for part in parts]
    whole, goal = sum(cents), (round(100 * total) + 50) // 100
    if not whole:
        return [0 for _ in parts]
    # Rounding the total up may lift a share above what its exercise is worth; that point goes to another one.
    most = [-(-part // 100) for part in cents]
    given = [min(part * goal // whole, top) for part, top in zip(cents, most, strict=True)]
    rest = sorted(range(len(cents)), key=lambda place: given[place] * whole - cents[place] * goal)
    while sum(given) < goal:
        place = next(spot for spot in rest if given[spot] < most[spot])
        given[place] += 1
        rest.remove(place)
        rest.append(place)
    return given
