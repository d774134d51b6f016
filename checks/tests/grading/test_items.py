"""Statistics of exercises: they count what they say, and tell an exercise that goes its own way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench_report import class_of, lessons
from tests.grading.sample import sample_gradebook
from workbook.course.results import ExerciseResult, LessonResult, Verdict
from workbook.grading.gradebook import Gradebook, Learner, LearnerGrade, LessonGrade, Standing
from workbook.grading.report.data import report_data
from workbook.grading.report.items import FEWEST, item_statistics

LESSON = lessons(1)[0]
WORTH = [exercise.points for exercise in LESSON.exercises]


def a_class(*points: tuple[float, ...], verdict: Verdict = Verdict.FAILED) -> Gradebook:
    """A learner for each row of points; none of them means ``verdict``."""
    learners: list[LearnerGrade] = []
    for number, row in enumerate(points):
        results = tuple(
            ExerciseResult(exercise.id, "", Verdict.PASSED if earned else verdict, earned, exercise.points, ())
            for exercise, earned in zip(LESSON.exercises, row, strict=True)
        )
        grade = LessonGrade(1, "", LESSON.max_points, LessonResult(1, "", results))
        learners.append(LearnerGrade(Learner(f"s{number}"), Standing.HANDED_IN, (grade,)))
    return replace(class_of(0, (LESSON,)), learners=tuple(learners))


def test_how_many_began_and_passed_and_what_they_earned() -> None:
    full, none = tuple(map(float, WORTH)), (0.0,) * 6
    book = a_class(full, full, full, none, verdict=Verdict.NOT_STARTED)
    first = item_statistics(book)[0]
    assert (first.exercise, first.learners, first.began, first.passed, first.share) == ("1.1", 4, 3, 3, 0.75)
    assert first.discrimination is None, "four learners say nothing"


def test_discrimination_is_the_correlation_with_everything_else() -> None:
    """Who passes the first one passes nothing else, and who passes the second one passes all."""
    strong = (0.0, *map(float, WORTH[1:]))
    weak = (float(WORTH[0]), *(0.0,) * 5)
    first, second, *_ = item_statistics(a_class(*[strong] * 6, *[weak] * 6))
    assert first.discrimination == -1.0
    assert second.discrimination is not None
    assert second.discrimination > 0.9
    same = tuple(map(float, WORTH))
    assert item_statistics(a_class(*[same] * FEWEST))[0].discrimination is None, "all are equal"


def test_a_fault_of_ours_counts_for_nobody() -> None:
    book = a_class((0.0,) * 6, verdict=Verdict.CHECK_ERROR)
    assert [item.learners for item in item_statistics(book)] == [0] * 6


@pytest.mark.parametrize("learners", [0, 1, 24])
def test_the_page_has_a_row_for_each_exercise(learners: int) -> None:
    data = report_data(sample_gradebook(learners))
    assert len(data["items"]) == 18
