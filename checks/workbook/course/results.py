"""What a run of checks found: verdicts, points, messages, and the JSON they are written as.

The JSON form is documented in ``checks/workbook/course/report.schema.json``; ``SCHEMA`` names its version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workbook.course.message import Message

SCHEMA = "fastapi-workbook/report/v1"


class Verdict(StrEnum):
    """How an exercise ended; ``report.schema.json`` says what each means."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_STARTED = "not_started"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    CHECK_ERROR = "check_error"
    """A fault of the workbook itself. It is never the learner's."""

    @property
    def words(self) -> str:
        """What it is called wherever somebody reads it."""
        return "fault of the workbook" if self is Verdict.CHECK_ERROR else self.value.replace("_", " ")

    @property
    def mark(self) -> str:
        """The sign before it. The words stand beside it, so that neither the sign nor a colour carries it alone."""
        return {Verdict.PASSED: "✔", Verdict.NOT_STARTED: "·", Verdict.CHECK_ERROR: "!"}.get(self, "✘")

    @property
    def colour(self) -> str:
        """Its colour in a terminal; "" for none."""
        return {Verdict.PASSED: "green", Verdict.NOT_STARTED: "", Verdict.CHECK_ERROR: "yellow"}.get(self, "red")


@dataclass(frozen=True)
class CheckResult:
    """One check of an exercise."""

    name: str
    expects: str
    """The first line of the check's docstring: what the contract promises."""
    passed: bool
    verdict: Verdict
    message: Message | None = None
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The check as the report writes it."""
        return {
            "name": self.name,
            "expects": self.expects,
            "passed": self.passed,
            "message": self.message.to_json() if self.message else None,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise with the checks that were run for it."""

    exercise: str
    title: str
    verdict: Verdict
    points: float
    max_points: int
    checks: tuple[CheckResult, ...]
    selected_all: bool = True
    """False where only a part of its checks was run; then ``points`` says what that part earned."""
    remark: str = ""
    """What an instructor decided about it, for the learner to read."""

    @property
    def message(self) -> Message | None:
        """What to show first: the message of the first check that did not pass."""
        return next((check.message for check in self.checks if not check.passed and check.message), None)

    def to_json(self) -> dict[str, Any]:
        """The exercise as the report writes it."""
        return {
            "exercise": self.exercise,
            "title": self.title,
            "verdict": self.verdict.value,
            "points": self.points,
            "max_points": self.max_points,
            "checks": [check.to_json() for check in self.checks],
        }


@dataclass(frozen=True)
class LessonResult:
    """One lesson with the exercises that were run."""

    lesson: int
    title: str
    exercises: tuple[ExerciseResult, ...]

    @property
    def points(self) -> float:
        """The points of all exercises that were run."""
        return round(sum(exercise.points for exercise in self.exercises), 2)

    @property
    def max_points(self) -> int:
        """What the exercises that were run are worth."""
        return sum(exercise.max_points for exercise in self.exercises)

    @property
    def first_problem(self) -> ExerciseResult | None:
        """The earliest exercise with something to say, else the earliest that has not passed."""
        open_ones = [exercise for exercise in self.exercises if exercise.verdict is not Verdict.PASSED]
        begun = [exercise for exercise in open_ones if exercise.verdict is not Verdict.NOT_STARTED]
        return next(iter(begun or open_ones), None)

    def to_json(self) -> dict[str, Any]:
        """The lesson as the report writes it."""
        return {
            "lesson": self.lesson,
            "title": self.title,
            "points": self.points,
            "max_points": self.max_points,
            "exercises": [exercise.to_json() for exercise in self.exercises],
        }


@dataclass(frozen=True)
class Report:
    """A whole run."""

    target: str
    seed: int
    lessons: tuple[LessonResult, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every check that was run passed, and at least one was run."""
        exercises = [exercise for lesson in self.lessons for exercise in lesson.exercises]
        return bool(exercises) and all(check.passed for exercise in exercises for check in exercise.checks)

    def to_json(self) -> dict[str, Any]:
        """The run as ``--report-json`` writes it."""
        return {
            "schema": SCHEMA,
            "target": self.target,
            "seed": self.seed,
            "lessons": [lesson.to_json() for lesson in self.lessons],
        }


def report_from_json(data: dict[str, Any]) -> Report:
    """Read back what ``Report.to_json`` wrote.

    Raises:
        KeyError, TypeError, ValueError: the data has another form, or another schema.
    """
    if data["schema"] != SCHEMA:
        raise ValueError(f"the report has schema {data['schema']!r}; this workbook reads {SCHEMA!r}")
    return Report(
        target=data["target"],
        seed=data["seed"],
        lessons=tuple(
            LessonResult(
                lesson=lesson["lesson"],
                title=lesson["title"],
                exercises=tuple(
                    ExerciseResult(
                        exercise=exercise["exercise"],
                        title=exercise["title"],
                        verdict=Verdict(exercise["verdict"]),
                        points=exercise["points"],
                        max_points=exercise["max_points"],
                        checks=tuple(
                            CheckResult(
                                name=check["name"],
                                expects=check["expects"],
                                passed=check["passed"],
                                verdict=Verdict.PASSED if check["passed"] else Verdict(exercise["verdict"]),
                                message=Message.from_json(check["message"]) if check["message"] else None,
                                seconds=float(check.get("seconds", 0.0)),
                            )
                            for check in exercise["checks"]
                        ),
                    )
                    for exercise in lesson["exercises"]
                ),
            )
            for lesson in data["lessons"]
        ),
    )
