"""What the plugin remembers during one pytest process, and how results of checks become a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from workbook.course.message import Message
from workbook.course.model import Course, Exercise, Lesson
from workbook.course.points import partial_points
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Report, Verdict
from workbook.course.starter import load_starter, untouched
from workbook.plugin.run import Run
from workbook.plugin.selection import Selection, exercise_of

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from workbook.service.parent.process import Launcher

_TIMEOUTS = 2
"""After so many time-outs the other checks of a partial exercise are not run: each costs seconds."""


@dataclass
class State:
    """One run of checks in one process."""

    course: Course
    run: Run
    selection: Selection
    show_feedback: bool
    lessons: dict[int, Lesson] = field(default_factory=dict[int, Lesson])
    collected: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """For each exercise, all checks that it has, chosen or not."""
    chosen: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """For each exercise, the checks that are to run, in order."""
    results: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict[str, dict[str, dict[str, Any]]])
    """For each exercise, what is known of each check that ran."""
    timeouts: Counter[str] = field(default_factory=Counter[str])
    session: pytest.Session | None = None
    """pytest's session, which knows the exit code in the end."""
    comparison: tuple[str, Any, Any] | None = None
    """The last comparison that pytest saw fail."""
    first_exchange: int = 0
    """The position of the present check's first exchange with the lesson's service."""

    def lesson(self, number: int) -> Lesson:
        """The lesson with that number, read once."""
        if number not in self.lessons:
            self.lessons[number] = self.course.lesson(number)
        return self.lessons[number]

    def lesson_of(self, item: pytest.Item) -> Lesson:
        """The lesson that a check belongs to."""
        place = exercise_of(self.course, item.path)
        if place is None:
            raise pytest.UsageError(
                f"{item.nodeid} uses fixtures of checks: it belongs in checks/lesson_NN/test_M_*.py"
            )
        return self.lesson(place[0])

    def exercise_of(self, item: pytest.Item) -> Exercise | None:
        """The exercise that a check belongs to, or None for any other test."""
        place = exercise_of(self.course, item.path)
        return None if place is None else self.lesson(place[0]).exercise(place[1])

    def gave_up(self, item: pytest.Item) -> bool:
        """Whether so many checks of the exercise timed out that the others are not worth the wait."""
        exercise = self.exercise_of(item)
        if exercise is None:
            return False
        # Where all checks have to pass, the first time-out has decided.
        return self.timeouts[exercise.id] >= (_TIMEOUTS if exercise.partial else 1)

    def has_failed(self, exercise: Exercise) -> bool:
        """Whether a check of the exercise has not passed."""
        return any(not facts["passed"] for facts in self.results.get(exercise.id, {}).values())

    def saw(self, facts: dict[str, Any]) -> None:
        """Take in what is known of one check. A failure in a later phase replaces a pass."""
        checks = self.results.setdefault(facts["exercise"], {})
        known = checks.get(facts["id"])
        if known is None or not facts["passed"]:
            checks[facts["id"]] = facts

    def report(self) -> Report:
        """The verdicts and points of everything that was chosen."""
        lessons: dict[int, list[ExerciseResult]] = {}
        for exercise_id in sorted(self.chosen, key=_numeric):
            lesson, number = _numeric(exercise_id)
            result = self._exercise(self.lesson(lesson).exercise(number))
            lessons.setdefault(lesson, []).append(result)
        return Report(
            target=self.run.target.label,
            seed=self.run.seed,
            lessons=tuple(
                LessonResult(number, self.lesson(number).title, tuple(exercises))
                for number, exercises in sorted(lessons.items())
            ),
        )

    def _exercise(self, exercise: Exercise) -> ExerciseResult:
        chosen = self.chosen[exercise.id]
        known = self.results.get(exercise.id, {})
        checks = tuple(_check(known[name]) for name in chosen if name in known)
        passed = sum(check.passed for check in checks)
        complete = set(known) >= self.collected.get(exercise.id, set()) and len(checks) == len(chosen)
        if passed == len(chosen):
            verdict = Verdict.PASSED
        elif any(check.verdict is Verdict.CHECK_ERROR for check in checks):
            verdict = Verdict.CHECK_ERROR
        elif not checks or self._is_untouched(exercise):
            verdict = Verdict.NOT_STARTED
        else:
            verdict = next((check.verdict for check in checks if not check.passed), Verdict.FAILED)
        points = 0.0
        if complete and verdict is Verdict.PASSED:
            points = float(exercise.points)
        elif complete and exercise.partial and verdict is not Verdict.NOT_STARTED:
            points = partial_points(exercise.points, passed, len(chosen))
        return ExerciseResult(
            exercise=exercise.id,
            title=exercise.title,
            verdict=verdict,
            points=points,
            max_points=exercise.points,
            checks=checks,
            selected_all=complete,
        )

    def _is_untouched(self, exercise: Exercise) -> bool:
        lesson = self.lesson(exercise.lesson)
        folder = self.run.target.lesson_folder(lesson)
        return folder.is_dir() and untouched(load_starter(self.course, lesson), exercise.id, folder)


STATE = pytest.StashKey[State]()
LAUNCHER: pytest.StashKey[Launcher] = pytest.StashKey()
"""The launcher of a process that makes many runs, where there is one."""
WAITS = pytest.StashKey[bool]()
"""Set where a session is to collect only, and somebody else says later what to check: no service is started yet."""


def current_state(config: pytest.Config) -> State:
    """The state of this process's run.

    Raises:
        pytest.UsageError: the fixtures of checks are used outside a run of checks.
    """
    state = config.stash.get(STATE, None)
    if state is None:
        raise pytest.UsageError("no checks are selected in this run")
    return state


def _check(facts: dict[str, Any]) -> CheckResult:
    return CheckResult(
        name=facts["name"],
        expects=facts["expects"],
        passed=facts["passed"],
        verdict=Verdict(facts["verdict"]),
        message=Message.from_json(facts["message"]) if facts["message"] else None,
        seconds=facts["seconds"],
    )


def _numeric(exercise_id: str) -> tuple[int, int]:
    lesson, _, number = exercise_id.partition(".")
    return int(lesson), int(number)
