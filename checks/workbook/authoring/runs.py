"""Run the checks of a lesson on a target, in a process of their own, and read the report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Self

from workbook.authoring.errors import AuthoringError
from workbook.course.model import Course, Exercise, Lesson
from workbook.course.results import ExerciseResult, LessonResult, Report, report_from_json
from workbook.plugin.collected_session import Order

if TYPE_CHECKING:
    from workbook.authoring.fork_server import WarmPytest

RUN_SECONDS = 300
"""How long one run may take. The engine has limits of its own that end it much earlier."""
_END_SECONDS = 10
_UNWANTED = ("PYTEST_", "COV_", "PYTHONDONTWRITEBYTECODE")
"""Variables of a pytest that verify itself runs in, and what would make every run compile everything anew."""


class Until(Enum):
    """How far a run of checks goes."""

    END = "every check"
    EXERCISE_FAILS = "the rest of an exercise is left out after its first failure"
    FIRST_FAILURE = "the run ends with its first failure"


def run_checks(
    course: Course,
    lesson: Lesson,
    target: Path,
    folder: Path,
    exercises: Sequence[Exercise],
    pytest: Pytest,
    *,
    until: Until = Until.END,
) -> Report:
    """Run the checks of a lesson, or only those of some exercises.

    Args:
        course: the course.
        lesson: the lesson.
        target: the folder that holds the ``lesson_NN`` folder to check.
        folder: where the run may leave its report and its output.
        exercises: the exercises to check, in this order; all where there is none.
        pytest: what runs pytest.
        until: how far it goes.

    Raises:
        AuthoringError: the run did not come to a report.
    """
    report, output = folder / "report.json", folder / "output.txt"
    order = Order(
        target=str(target),
        scratch=None,
        report=str(report),
        output=str(output),
        seed=pytest.seed,
        seconds=RUN_SECONDS,
        exercises=[exercise.id for exercise in exercises],
        brief=until is Until.EXERCISE_FAILS,
        first_failure=until is Until.FIRST_FAILURE,
    )
    code = pytest.run_lesson(course.checks_dir / lesson.folder, lesson.number, order)
    try:
        return report_from_json(json.loads(report.read_text(encoding="utf-8")))
    except FileNotFoundError:
        from workbook.plugin.fork_server import last_line

        said = last_line(output)
        raise AuthoringError(f"the checks ended without a report (pytest's exit code {code}): {said}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AuthoringError(f"the checks left a report that cannot be read: {error!r}") from None


def result_of(report: Report, exercise_id: str) -> ExerciseResult:
    """What a run found for one exercise.

    Raises:
        AuthoringError: none of its checks was run.
    """
    for lesson in report.lessons:
        for exercise in lesson.exercises:
            if exercise.exercise == exercise_id and exercise.checks:
                return exercise
    raise AuthoringError(f"no check of exercise {exercise_id} was run")


def lesson_result(report: Report, lesson: Lesson) -> LessonResult:
    """What a run found for a lesson.

    Raises:
        AuthoringError: the checks of an exercise were not run.
    """
    results = tuple(result_of(report, exercise.id) for exercise in lesson.exercises)
    return LessonResult(lesson.number, lesson.title, results)


def environment() -> dict[str, str]:
    """The variables of this process, without what would change or slow down the processes that it starts."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_UNWANTED)}


class Pytest:
    """Runs pytest for several threads at once. On Linux, warm processes do it: see ``workbook.authoring.fork_server``.

    Used as a context manager, which ends these processes.
    """

    def __init__(self, course: Course, seed: int = 0) -> None:
        """Start nothing yet.

        Args:
            course: the course whose checks are run.
            seed: where the random inputs of its runs come from.
        """
        self.seed = seed
        self._root = course.root
        self._checks = [f"checks/{lesson.folder}" for lesson in course.lessons]
        self._idle: list[WarmPytest] = []
        self._busy: set[WarmPytest] = set()
        self._environment = {**environment(), "WORKBOOK_ROOT": str(course.root), "PYTHONIOENCODING": "utf-8"}
        self._warm = sys.platform == "linux" and os.environ.get("WORKBOOK_LAUNCHER", "fork") == "fork"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in list(self._busy):  # there is one only where verify was interrupted
            process.kill()
        while self._idle:
            self._idle.pop().close()

    def run(self, arguments: list[str], output: Path) -> int:
        """Run pytest in the course's folder; what it prints goes to the file ``output``.

        Returns:
            Its exit code.

        Raises:
            AuthoringError: it took too long, or died.
        """
        if self._warm:
            return _ended(self._with_warm(lambda process: process.run(arguments, output, RUN_SECONDS)))
        return _ended(self._run_cold(arguments, output))

    def run_lesson(self, checks: Path, lesson: int, order: Order) -> int:
        """Run the checks of a lesson that stand in the folder ``checks``.

        Returns:
            pytest's exit code.

        Raises:
            AuthoringError: it took too long, or died.
        """
        if self._warm:
            return _ended(self._with_warm(lambda process: process.run_lesson(lesson, order)))
        return _ended(self._run_cold(_arguments(checks, order), Path(order.output)))

    def _with_warm(self, work: Callable[[WarmPytest], int | None]) -> int | None:
        from workbook.authoring.fork_server import WarmPytest

        try:
            process = self._idle.pop()
        except IndexError:
            process = WarmPytest(self._root, self._environment, self._checks)
        self._busy.add(process)
        code = work(process)
        self._busy.discard(process)
        if code is None:
            process.kill()
        else:
            self._idle.append(process)
        return code

    def _run_cold(self, arguments: list[str], output: Path) -> int | None:
        command = [sys.executable, "-m", "pytest", *arguments]
        with (
            output.open("wb") as printed,
            subprocess.Popen(
                command,
                cwd=self._root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                return process.wait(RUN_SECONDS)
            except subprocess.TimeoutExpired:
                return None
            finally:
                _end(process)


def _arguments(checks: Path, order: Order) -> list[str]:
    """The order as pytest's arguments."""
    paths = [checks]
    if order.exercises:
        numbers = [name.partition(".")[2] for name in order.exercises]
        paths = [file for number in numbers for file in sorted(checks.glob(f"test_{number}_*.py"))]
    # pytest's own tracebacks, which nobody reads here, take more time than all else that a failing check does
    options = ["--target", order.target, "--report-json", order.report, f"--seed={order.seed}"]
    options += ["-q", "--tb=no", "-p", "no:cacheprovider"]
    return [*map(str, paths), *options, *["--brief"] * order.brief, *["-x"] * order.first_failure]


def _ended(code: int | None) -> int:
    if code is None:
        raise AuthoringError(f"the checks took more than {RUN_SECONDS} seconds, or their process died")
    return code


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop pytest, where it still runs, the way Ctrl-C does, so that it stops its service; then without asking."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
