"""Run the checks of a lesson on a target, in a process of their own, and read the report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from workbook.authoring.faults import AuthoringError
from workbook.course import Course, Exercise, Lesson
from workbook.results import ExerciseResult, LessonResult, Report, report_from_json

if TYPE_CHECKING:
    from workbook.authoring.warm import WarmPytest

RUN_SECONDS = 300
"""How long one run may take. The engine has limits of its own that end it much earlier."""
_END_SECONDS = 10
_UNWANTED = ("PYTEST_", "COV_", "PYTHONDONTWRITEBYTECODE")
"""Variables of a pytest that verify itself runs in, and what would make every run compile everything anew."""


def run_checks(
    course: Course,
    lesson: Lesson,
    target: Path,
    folder: Path,
    exercises: Sequence[Exercise],
    pytest: Pytest,
    *,
    brief: bool = False,
) -> Report:
    """Run the checks of a lesson, or only those of some exercises.

    Args:
        course: the course.
        lesson: the lesson.
        target: the folder that holds the ``lesson_NN`` folder to check.
        folder: where the run may leave its report and its output.
        exercises: the exercises to check; all where there is none.
        pytest: what runs pytest.
        brief: whether the rest of an exercise is left out after its first failure.

    Raises:
        AuthoringError: the run did not come to a report.
    """
    checks = course.checks_dir / lesson.folder
    paths = [checks]
    if exercises:
        paths = [file for exercise in exercises for file in sorted(checks.glob(f"test_{exercise.number}_*.py"))]
    report, output = folder / "report.json", folder / "output.txt"
    # pytest's own tracebacks, which nobody reads here, take more time than all else that a failing check does
    options = ["--target", str(target), "--report-json", str(report), "-q", "--tb=no", "-p", "no:cacheprovider"]
    if brief:
        options.append("--brief")
    code = pytest.run([*map(str, paths), *options], output)
    try:
        return report_from_json(json.loads(report.read_text(encoding="utf-8")))
    except FileNotFoundError:
        from workbook.warm import last_line

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


class Pytest:
    """Runs pytest for several threads at once. On Linux, warm processes do it: see ``workbook.authoring.warm``.

    Used as a context manager, which ends these processes.
    """

    def __init__(self, course: Course) -> None:
        self._root = course.root
        self._checks = [f"checks/{lesson.folder}" for lesson in course.lessons]
        self._idle: list[WarmPytest] = []
        self._busy: set[WarmPytest] = set()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_UNWANTED)}
        self._environment = {**kept, "WORKBOOK_ROOT": str(course.root), "PYTHONIOENCODING": "utf-8"}
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
        code = self._run_warm(arguments, output) if self._warm else self._run_cold(arguments, output)
        if code is None:
            raise AuthoringError(f"the checks took more than {RUN_SECONDS} seconds, or their process died")
        return code

    def _run_warm(self, arguments: list[str], output: Path) -> int | None:
        from workbook.authoring.warm import WarmPytest

        try:
            process = self._idle.pop()
        except IndexError:
            process = WarmPytest(self._root, self._environment, self._checks)
        self._busy.add(process)
        code = process.run(arguments, output, RUN_SECONDS)
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
