"""What a learner has done so far: a cache of the last verdicts and of the hints read.

It is kept in ``.workbook/progress.json``. Nothing in it is the truth: whatever is lost or damaged comes back with the
next check (``workbook status --fresh`` runs them all), so every reader and writer here tolerates a missing or broken
file. Only the hint levels and the memory of an earlier pass are lost then.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workbook.course import snapshots
from workbook.course.files import replace_file
from workbook.course.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from workbook.course.model import Course, Exercise, Lesson
    from workbook.course.results import ExerciseResult, Report

SCHEMA = "fastapi-workbook/progress/v1"
FILE_NAME = "progress.json"
_LOCK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How one exercise ended when it was last checked."""

    verdict: Verdict
    points: float
    max_points: int
    ever_passed: bool = False
    """Whether any check run since the last reset has passed it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known about a learner's work."""

    exercises: dict[str, Standing] = field(default_factory=dict[str, Standing])
    """By exercise id, such as ``"2.3"``; an exercise that was never checked is absent."""
    hints: dict[str, int] = field(default_factory=dict[str, int])
    """How many hints of an exercise have been read."""

    def hint_level(self, exercise_id: str) -> int:
        """How many hints of the exercise have been read: 0 to 3."""
        return self.hints.get(exercise_id, 0)

    def verdict(self, exercise_id: str) -> Verdict:
        """How the exercise ended last; never checked counts as not started."""
        standing = self.exercises.get(exercise_id)
        return standing.verdict if standing else Verdict.NOT_STARTED

    def points(self, exercise_id: str) -> float:
        """The points of the last check of the exercise."""
        standing = self.exercises.get(exercise_id)
        return standing.points if standing else 0

    def has_passed(self, exercise_id: str) -> bool:
        """Whether the exercise has passed at any time since the last reset."""
        standing = self.exercises.get(exercise_id)
        return standing is not None and standing.ever_passed

    def current(self, course: Course) -> Exercise | None:
        """The earliest exercise that has not passed, or None when all have.

        A stretch exercise is passed over once a later lesson has been begun, because nothing needs it.
        """
        exercises = [exercise for lesson in course.lessons for exercise in lesson.exercises]
        begun = [exercise.lesson for exercise in exercises if self.verdict(exercise.id) is not Verdict.NOT_STARTED]
        furthest = max(begun, default=0)
        still_open = [exercise for exercise in exercises if self.verdict(exercise.id) is not Verdict.PASSED]
        wanted = [exercise for exercise in still_open if not (exercise.stretch and exercise.lesson < furthest)]
        return next(iter(wanted or still_open), None)


def minutes_left(known: Progress, lesson: Lesson) -> int:
    """About how many minutes of a lesson are left: its share of points that have not passed, in steps of five."""
    left = sum(exercise.points for exercise in lesson.exercises if not known.has_passed(exercise.id))
    share = lesson.minutes * left / lesson.max_points
    return max(5, 5 * round(share / 5)) if left else 0


def load(course: Course) -> Progress:
    """Read what is known; nothing is known where the file is missing or damaged."""
    try:
        return _from_json(json.loads(_file(course).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Progress()


def record(course: Course, report: Report, target: Path) -> None:
    """Keep the verdicts of a run of checks on the learner's own lessons.

    Runs on another target are left out, and so are exercises of which only some checks were run and those that ended
    in a fault of the workbook itself. A file that cannot be written is no reason to disturb a run of checks.

    Args:
        course: the course that was checked.
        report: what the run found.
        target: the folder that holds the checked ``lesson_NN`` folders.
    """
    if target.resolve() != course.lessons_dir.resolve():
        return
    results = [exercise for lesson in report.lessons for exercise in lesson.exercises if _tells_all(exercise)]
    if not results:
        return
    before = load(course)
    for result in results:
        if result.verdict is Verdict.PASSED and not before.has_passed(result.exercise):
            snapshots.keep(course, course.exercise(result.exercise))
    with suppress(OSError), _update(course) as progress:
        for result in results:
            progress.exercises[result.exercise] = Standing(
                verdict=result.verdict,
                points=result.points,
                max_points=result.max_points,
                ever_passed=result.verdict is Verdict.PASSED or progress.has_passed(result.exercise),
            )


def reveal_hint(course: Course, exercise_id: str) -> tuple[int, str]:
    """Give the next hint of an exercise, and remember that it was given.

    Args:
        course: the course.
        exercise_id: the exercise, such as ``"2.3"``.

    Returns:
        The level of the hint, from 1, and its text. After the last level the last hint comes again.

    Raises:
        CourseError: there is no such exercise.
    """
    exercise = course.exercise(exercise_id)
    level = min(load(course).hint_level(exercise.id) + 1, len(exercise.hints))
    with suppress(OSError), _update(course) as progress:
        progress.hints[exercise.id] = level
    return level, exercise.hints[level - 1]


def forget(course: Course, *, verdicts: Iterable[str], hints: Iterable[str]) -> None:
    """Forget the verdicts of some exercises, and the hints read for some, as after a reset."""
    with suppress(OSError), _update(course) as progress:
        for exercise_id in verdicts:
            progress.exercises.pop(exercise_id, None)
        for exercise_id in hints:
            progress.hints.pop(exercise_id, None)


def _tells_all(result: ExerciseResult) -> bool:
    return result.selected_all and result.verdict is not Verdict.CHECK_ERROR


def _file(course: Course) -> Path:
    return course.state_dir / FILE_NAME


@contextmanager
def _update(course: Course) -> Generator[Progress]:
    """Read, let the caller change, and write back, while other writers wait."""
    file = _file(course)
    file.parent.mkdir(parents=True, exist_ok=True)
    with _locked(file.with_suffix(".lock")):
        progress = load(course)
        yield progress
        replace_file(file, json.dumps(_to_json(progress), indent=1, sort_keys=True))


@contextmanager
def _locked(file: Path) -> Generator[None]:
    """Hold a lock that the system drops when its process ends.

    After ``_LOCK_SECONDS`` the caller goes on without it: a lost verdict comes back with the next check, while a check
    that hangs is a nuisance.
    """
    with file.open("ab") as handle:
        deadline = time.monotonic() + _LOCK_SECONDS
        while not (held := _try_lock(handle.fileno())) and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield
        finally:
            if held:
                _unlock(handle.fileno())


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _to_json(progress: Progress) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "exercises": {
            exercise_id: {
                "verdict": standing.verdict.value,
                "points": standing.points,
                "max_points": standing.max_points,
                "ever_passed": standing.ever_passed,
            }
            for exercise_id, standing in progress.exercises.items()
        },
        "hints": progress.hints,
    }


def _from_json(data: dict[str, Any]) -> Progress:
    if data["schema"] != SCHEMA:
        raise ValueError("another schema")
    exercises = cast("dict[str, dict[str, Any]]", data["exercises"])
    hints = cast("dict[str, Any]", data["hints"])
    return Progress(
        exercises={
            exercise_id: Standing(
                verdict=Verdict(entry["verdict"]),
                points=float(entry["points"]),
                max_points=int(entry["max_points"]),
                ever_passed=bool(entry["ever_passed"]),
            )
            for exercise_id, entry in exercises.items()
        },
        hints={exercise_id: int(level) for exercise_id, level in hints.items()},
    )
