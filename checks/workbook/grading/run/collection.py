"""Collect all checks once before a class is graded: a file that cannot be imported would cost everybody its points."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from workbook.course.model import CourseError, Lesson, folder_name
from workbook.grading.run.task import WorkerSettings
from workbook.grading.run.worker import copy_course
from workbook.plugin.collected_session import HIDDEN

_SECONDS = 120
_MARK = f"_{HIDDEN}"
_WORDS = 300


def refuse_broken_checks(settings: WorkerSettings, lessons: Iterable[Lesson]) -> None:
    """Refuse to grade with checks that pytest cannot collect, the instructor's own ones included.

    Args:
        settings: which checks the workers will run.
        lessons: the lessons that are graded.

    Raises:
        CourseError: a file of checks cannot be imported, or an exercise has no check.
    """
    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        course = Path(folder)
        copy_course(Path(settings.root), course, settings)
        wanted = [f"checks/{folder_name(number)}" for number in settings.lessons]
        # -I: what can be imported is decided by the installation alone, as in a worker.
        command = [sys.executable, "-I", "-m", "pytest", "--collect-only", "-qq", "--tb=short", "--color=no"]
        try:
            done = subprocess.run(
                [*command, "-p", "no:cacheprovider", *wanted],
                cwd=course,
                env=os.environ | {"WORKBOOK_ROOT": str(course), "COLUMNS": "500"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CourseError(f"The checks cannot be imported within {_SECONDS} seconds.") from None
    if done.returncode != 0:
        raise CourseError(_why(done.stdout, done.stderr))
    for lesson in lessons:
        for number, exercise in enumerate(lesson.exercises, start=1):
            if f"checks/{lesson.folder}/test_{number}_" not in done.stdout:
                raise CourseError(f"Exercise {exercise.id} has no check, so nobody could earn its points.")


def _why(printed: str, errors: str) -> str:
    """The first file that cannot be imported, and the reason, in one sentence."""
    _, *files = re.split(r"^_+ ERROR collecting (\S+) _+$", printed, flags=re.MULTILINE)
    if not files:
        last = next((line for line in reversed((printed + errors).splitlines()) if line.strip()), "pytest said nothing")
        return f"The checks cannot be collected: {last.strip()[:_WORDS]}"
    name = files[0].removeprefix("checks/")
    whose = "Your own check" if _MARK in name else "The check"
    said = re.findall(r"^E +(.*)$", files[1], flags=re.MULTILINE)
    reason = said[-1][:_WORDS] if said else "pytest did not say why"
    return f"{whose} {name.replace(_MARK, '_')} cannot be imported, so nobody could earn its points: {reason}"
