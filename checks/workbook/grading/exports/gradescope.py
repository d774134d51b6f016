"""``gradescope/<learner>/results.json``, and the same for one submission inside a Gradescope autograder.

Gradescope's form ("Autograder Specifications"): a test for each exercise, with its points, and on top the score that
counts, which overrides the sum of the tests where something was taken off for being late. Students read all of it.

There is no file for a learner without a grade: Gradescope has no "not known", and would take 0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbook.course.files import replace_file
from workbook.course.model import CourseError
from workbook.course.text import block, encodable, line
from workbook.grading.exports import marks, shown
from workbook.grading.exports.files import replace_tree
from workbook.grading.exports.names import file_name
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.gradebook import Gradebook, LearnerGrade

FOLDER = "gradescope"


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write a ``results.json`` for every learner who has a grade."""
    texts: dict[str, str] = {}
    left_out: list[tuple[str, str]] = []
    for grade in book.learners:
        if marks.final_points(grade, Missing.EMPTY) is None:
            left_out.append((grade.learner.id, marks.why_no_grade(grade)))
        else:
            texts[f"{file_name(grade.learner.id)}/results.json"] = _text(results(book, grade))
    return Written(tuple(replace_tree(folder / FOLDER, texts, "*/results.json")), left_out=tuple(left_out))


def write_one(book: Gradebook, grade: LearnerGrade, file: Path) -> None:
    """Write one submission's results, for an autograder: ``/autograder/results/results.json``.

    Raises:
        CourseError: there is no grade, see ``results``.
        OSError: the file cannot be written.
    """
    replace_file(file, _text(results(book, grade)))


def results(book: Gradebook, grade: LearnerGrade) -> dict[str, Any]:
    """One learner's results.

    Raises:
        CourseError: a grader error stands in the way, or nothing was handed in. An autograder then ends with an error
            and writes nothing, so that Gradescope shows that it failed, and not that the student did.
    """
    score = marks.final_points(grade, Missing.EMPTY)
    if score is None:
        raise CourseError(f"There is no grade to give back, {marks.why_no_grade(grade)}: grade this submission again.")
    about = [text for text in (shown.about_grade(grade), shown.about_lateness(grade)) if text]
    return {
        "score": score,
        "output": "\n".join(about) or f"{line(book.course)}: {score:g} of {book.max_points} points.",
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "execution_time": round(sum(lesson.seconds for lesson in grade.lessons), 2),
        "tests": [test for number in _numbers(book) for test in _tests(book, grade, number)],
        "extra_data": {"raw_score": grade.raw_points, "percent_off": grade.lateness.percent},
    }


def _numbers(book: Gradebook) -> list[int]:
    return [lesson.number for lesson in book.lessons]


def _tests(book: Gradebook, grade: LearnerGrade, number: int) -> list[dict[str, Any]]:
    """A test for every exercise of a lesson, graded or not: what they are worth adds up to the same for everybody."""
    lesson = next(entry for entry in book.lessons if entry.number == number)
    graded = next((entry for entry in grade.lessons if entry.lesson == number), None)
    tests: list[dict[str, Any]] = []
    for exercise in lesson.exercises:
        result = graded.exercise(exercise.id) if graded else None
        if result is not None:
            verdict, passed = result.verdict.words, result.points >= exercise.points
            output = f"{verdict}\n{shown.explain(result)}".strip()
        else:
            passed, output = False, shown.about_lesson(grade, graded) if graded else "not handed in"
        tests.append(
            {
                "number": exercise.id,
                "name": block(exercise.title),
                "score": result.points if result else 0.0,
                "max_score": exercise.points,
                "status": "passed" if passed else "failed",
                "output": output,
            }
        )
    return tests


def _text(data: dict[str, Any]) -> str:
    return encodable(json.dumps(data, ensure_ascii=False)) + "\n"
