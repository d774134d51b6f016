"""Run the checks of a lesson on a target, in a process of their own, and read the report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workbook.authoring.faults import AuthoringError
from workbook.course import Course, Exercise, Lesson
from workbook.results import ExerciseResult, LessonResult, Report, report_from_json

RUN_SECONDS = 300
"""How long one run may take. The engine has limits of its own that end it much earlier."""
_END_SECONDS = 10


def run_checks(
    course: Course, lesson: Lesson, target: Path, report_file: Path, exercises: Sequence[Exercise] = ()
) -> Report:
    """Run the checks of a lesson, or only those of some exercises.

    Parameters:
        target: the folder that holds the ``lesson_NN`` folder to check.
        report_file: where the run writes its report.
        exercises: the exercises to check; all by default.

    Raises:
        AuthoringError: the run did not come to a report.
    """
    folder = course.checks_dir / lesson.folder
    paths = [folder]
    if exercises:
        paths = [file for exercise in exercises for file in sorted(folder.glob(f"test_{exercise.number}_*.py"))]
    options = ["--target", str(target), "--report-json", str(report_file), "-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *map(str, paths), *options]
    code, output = _run(command, course.root)
    try:
        return report_from_json(json.loads(report_file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no word of it")
        raise AuthoringError(f"the checks ended without a report (pytest's exit code {code}): {last}") from None
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


def _run(command: list[str], root: Path) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment = {**kept, "WORKBOOK_ROOT": str(root), "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            output, _ = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process)
            raise AuthoringError(f"the checks took more than {RUN_SECONDS} seconds") from None
        except BaseException:
            _end(process)
            raise
    return process.returncode, output


def _end(process: subprocess.Popen[str]) -> None:
    """Stop pytest the way Ctrl-C does, so that it stops its service; then without asking."""
    if sys.platform == "win32":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
