"""``classroom50/<learner>/result.json``: the result of one submission for Classroom 50.

Points are whole numbers there: the grade is rounded (half a point up), and shared out over the exercises so that their
sum is the grade. Fields that only Classroom 50's runner knows (``classroom``, ``commit``, ``release`` and so on) come
from the options, and are empty where they are not given. A grader error leaves no file: for Classroom 50 that is a
fault of the machinery, to be run again, and not a grade.
"""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

from workbook.course import CourseError
from workbook.grading.exports import marks
from workbook.grading.exports.files import replace_tree
from workbook.grading.exports.names import file_name
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.exports.text import line
from workbook.grading.gradebook import Gradebook, LearnerGrade
from workbook.results import Verdict

FOLDER = "classroom50"
SCHEMA = "classroom50/result/v1"
_THEIRS = ("submission", "commit", "release", "review")


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write the result of everybody who has a grade."""
    texts: dict[str, str] = {}
    left_out: list[tuple[str, str]] = []
    for grade in book.learners:
        if marks.final_points(grade, Missing.EMPTY) is None:
            left_out.append((grade.learner.id, marks.why_no_grade(grade)))
        else:
            text = json.dumps(result(book, grade, options), ensure_ascii=False)
            texts[f"{file_name(grade.learner.id)}/result.json"] = text + "\n"
    return Written(tuple(replace_tree(folder / FOLDER, texts, "*/result.json")), left_out=tuple(left_out))


def result(book: Gradebook, grade: LearnerGrade, options: Options = Options()) -> dict[str, Any]:  # noqa: B008
    """One learner's result.

    Raises:
        CourseError: there is no grade.
    """
    points = marks.final_points(grade, Missing.EMPTY)
    if points is None:
        raise CourseError(f"There is no grade to give back, {marks.why_no_grade(grade)}: grade this submission again.")
    exercises = [exercise for lesson in book.lessons for exercise in lesson.exercises]
    found = [next((hit for entry in grade.lessons if (hit := entry.exercise(one.id))), None) for one in exercises]
    shares = marks.whole_points([hit.points if hit else 0.0 for hit in found], points)
    given = options.classroom50
    when = grade.handed_in_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if grade.handed_in_at else ""
    return {
        "schema": SCHEMA,
        "classroom": given.get("classroom", ""),
        "assignment": given.get("assignment", options.assignment or book.course),
        "assignment_type": given.get("assignment_type", "individual"),
        "owner": given.get("owner", grade.learner.id),
        **{name: given.get(name, "") for name in _THEIRS},
        "datetime": given.get("datetime", when),
        "graded_at": book.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(shares),
        "max-score": book.max_points,
        "tests": [
            {
                "test-name": f"{exercise.id} {line(exercise.title)}",
                "passed": hit is not None and hit.verdict is Verdict.PASSED,
                "score": share,
                "max-score": exercise.points,
            }
            for exercise, hit, share in zip(exercises, found, shares, strict=True)
        ],
    }
