"""``classroom50/<learner>/result.json``: the result of one submission for Classroom 50.

Points are whole numbers there: the grade is rounded (half a point up), and shared out over the exercises so that their
sum is the grade. Fields that only Classroom 50's runner knows (``classroom``, ``commit``, ``release`` and so on) come
from the options; its collector takes no result without them, so without them none is written. A grader error leaves no
file: for Classroom 50 that is a fault of the machinery, to be run again, and not a grade.

What the runner says to the program that grades, and which fields its collector wants, is from its own source
(``runner.py`` and ``collect_scores.py`` in foundation50/classroom50, August 2026).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from workbook.course.model import CourseError
from workbook.course.results import Verdict
from workbook.course.text import line
from workbook.grading.exports import marks
from workbook.grading.exports.files import replace_tree
from workbook.grading.exports.names import file_name
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.gradebook import Gradebook, LearnerGrade

FOLDER = "classroom50"
SCHEMA = "classroom50/result/v1"
RUNNER = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "owner": "USERNAME",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
"""By the field of a result, the variable in which Classroom 50's runner says it."""
NEEDED = ("classroom", "assignment", "submission", "commit", "release")


def from_runner(env: Mapping[str, str]) -> dict[str, str]:
    """What Classroom 50's runner says, where it is what started the grading."""
    if any(not env.get(RUNNER[name]) for name in NEEDED):
        return {}
    return {name: text for name, variable in RUNNER.items() if (text := env.get(variable, ""))}


def check(options: Options) -> None:
    """Refuse what Classroom 50's collector would not take.

    Raises:
        CourseError: a field is missing that only its runner knows.
    """
    if missing := [name for name in NEEDED if not options.classroom50.get(name)]:
        variables = ", ".join(RUNNER[name] for name in missing)
        raise CourseError(
            f"Classroom 50 takes no result without {', '.join(missing)}: its runner says them in {variables}. "
            "Let checks/workbook/grading/classroom50_autograder.py start the grading there."
        )


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
    when = (grade.handed_in_at or book.made_at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "schema": SCHEMA,
        "classroom": given["classroom"],
        "assignment": given["assignment"],
        "assignment_type": given.get("assignment_type", "individual"),
        "owner": given.get("owner", grade.learner.id),
        **{name: given[name] for name in ("submission", "commit", "release")},
        "review": given.get("review") or given["commit"],
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
