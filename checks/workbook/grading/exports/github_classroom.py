"""``github-classroom/<learner>/``: what GitHub Classroom's autograding takes, and what its reporter says.

``result.b64`` is what a grader step hands on as its output ``result``, JSON in base64; ``notices.txt`` the two workflow
commands that Classroom reads the grade from. Classroom keeps whole points, so the grade is rounded (half a point up),
and shared out over the exercises so that their sum is the grade.

A grader error gives status ``error`` and nothing to earn: Classroom's reporter then sends no grade, and fails the job,
instead of sending a 0. The list of tests is there in any case, because the reporter counts it. Learners read all of it.
The reporter prints the messages into the job's log, where a line of a learner's must not be taken for a command.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from workbook.course.results import ExerciseResult, Verdict
from workbook.course.text import encodable, line
from workbook.grading.exports import marks, shown
from workbook.grading.exports.files import replace_tree
from workbook.grading.exports.names import file_name
from workbook.grading.exports.options import Missing, Options, Written
from workbook.grading.exports.text import loggable
from workbook.grading.gradebook import Gradebook, LearnerGrade, Standing

FOLDER = "github-classroom"
_VERSION = 1
"""The form of the graders for commands: durations are milliseconds."""


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write the result and the notices of everybody who handed something in."""
    texts: dict[str, str] = {}
    left_out: list[tuple[str, str]] = []
    for grade in book.learners:
        if grade.standing is Standing.MISSING:
            left_out.append((grade.learner.id, marks.why_no_grade(grade)))
            continue
        found = result(book, grade)
        place = file_name(grade.learner.id)
        texts[f"{place}/result.b64"] = encoded(found)
        texts[f"{place}/notices.txt"] = "".join(f"{notice}\n" for notice in notices(found))
        if not found["max_score"]:
            left_out.append((grade.learner.id, marks.why_no_grade(grade)))
    return Written(tuple(replace_tree(folder / FOLDER, texts, "*/*.*")), left_out=tuple(left_out))


def result(book: Gradebook, grade: LearnerGrade) -> dict[str, Any]:
    """What a grader step hands on to Classroom's reporter."""
    points = marks.final_points(grade, Missing.ZERO)
    exercises = [
        (exercise, next((found for entry in grade.lessons if (found := entry.exercise(exercise.id))), None))
        for lesson in book.lessons
        for exercise in lesson.exercises
    ]
    raw = [found.points if found else 0.0 for _, found in exercises]
    shares = marks.whole_points(raw, points) if points is not None else [0 for _ in raw]
    tests = [
        {
            "name": f"{exercise.id} {line(exercise.title)}",
            "status": "pass" if found and found.verdict is Verdict.PASSED else _status(found),
            "score": share,
            "message": _message(grade, found) or None,
            "test_code": f"workbook check {exercise.id}",
            "filename": f"lessons/lesson_{exercise.lesson:02d}/{exercise.files[0] if exercise.files else ''}",
            "line_no": 0,
            "duration": round(1000 * sum(check.seconds for check in found.checks)) if found else 0,
        }
        for (exercise, found), share in zip(exercises, shares, strict=True)
    ]
    about = " ".join(text for text in (shown.about_grade(grade), shown.about_lateness(grade)) if text)
    whole = {"version": _VERSION, "status": "error", "max_score": 0, "tests": tests}
    if points is not None:
        all_pass = all(test["status"] == "pass" for test in tests)
        whole |= {"status": "pass" if all_pass else "fail", "max_score": book.max_points}
    return whole | ({"message": loggable(about)} if about else {})


def encoded(found: dict[str, Any]) -> str:
    """A result as the step's output ``result`` has it: base64 of compact JSON."""
    text = encodable(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
    return base64.b64encode(text.encode()).decode("ascii")


def notices(found: dict[str, Any]) -> list[str]:
    """The two workflow commands that Classroom reads the grade from; none where there is no grade to send."""
    most = found["max_score"]
    if not most:
        return []
    points = sum(test["score"] for test in found["tests"])
    report = json.dumps({"totalPoints": points, "maxPoints": most}, separators=(",", ":"))
    return [
        workflow_command("notice", f"Points {points}/{most}", title="Autograding complete"),
        workflow_command("notice", report, title="Autograding report"),
    ]


def workflow_command(command: str, message: str, **properties: str) -> str:
    """A workflow command of GitHub Actions, which no text in it can end or extend.

    The escapes are those of GitHub's own toolkit (actions/toolkit, ``packages/core/src/command.ts``).
    """
    listed = ",".join(f"{name}={_escape(value, ':,')}" for name, value in properties.items())
    return f"::{command}{' ' if listed else ''}{listed}::{_escape(message, '')}"


def _escape(text: str, more: str) -> str:
    for sign in ("%", "\r", "\n", *more):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _status(found: ExerciseResult | None) -> str:
    return "error" if found and found.verdict is Verdict.CHECK_ERROR else "fail"


def _message(grade: LearnerGrade, found: ExerciseResult | None) -> str:
    if found is None:
        return loggable(shown.about_grade(grade)) or "Not handed in."
    if found.verdict is Verdict.PASSED:
        return ""
    return loggable(f"{found.verdict.words}\n{shown.explain(found)}".strip())
