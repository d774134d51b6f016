"""``%check 2`` and ``%check 2.3``: run the checks in a process of their own and show what they found."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.course import Course, CourseError, parse_exercise_id
from workbook.feedback.html import card, points_text, report_card, safe
from workbook.notebook.cards import Card
from workbook.results import Report, Verdict, report_from_json

if TYPE_CHECKING:
    from workbook.course import Lesson

STOP_SECONDS = 8.0
MAX_OUTPUT = 200_000
"""Bytes read of what a run printed."""
_LAST_LINES = 12
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNWANTED_ENV = {"FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "PY_COLORS"}
"""The kernel asks programs for colours; the text form of the card has none."""


class Stopped(KeyboardInterrupt):
    """The learner interrupted a run of checks. Cells that wait behind it do not run."""

    def _render_traceback_(self) -> list[str]:
        """Called by IPython instead of formatting a traceback."""
        return ["The check was stopped."]


@dataclass(frozen=True)
class Wanted:
    """What is to be checked."""

    lesson: Lesson
    checks: Path
    """The folder or the file with the checks."""


@dataclass(frozen=True)
class Outcome:
    """What a run of checks left."""

    text: str
    """What it printed, which is the feedback that a terminal shows."""
    report: Report | None


def parse(course: Course, text: str) -> Wanted:
    """Read what stands after ``%check``.

    Raises:
        CourseError: it is no lesson and no exercise of the course.
    """
    text = text.strip()
    if not text:
        raise CourseError("Say what to check: `%check 2` for lesson 2, or `%check 2.3` for one exercise.")
    if re.fullmatch(r"\d{1,2}", text):
        lesson = course.lesson(int(text))
        return Wanted(lesson, course.checks_dir / lesson.folder)
    try:
        number, position = parse_exercise_id(text)
    except CourseError:
        raise CourseError(
            f"{text[:40]!r} is no lesson and no exercise: write `%check 2`, or `%check 2.3` for one exercise."
        ) from None
    lesson = course.lesson(number)
    exercise = lesson.exercise(position)
    files = sorted((course.checks_dir / lesson.folder).glob(f"test_{exercise.number}_*.py"))
    if not files:
        raise CourseError(f"There are no checks for exercise {exercise.id} in checks/{lesson.folder}.")
    return Wanted(lesson, files[0])


def check(course: Course, text: str) -> Card:
    """Run the checks that ``%check`` names, and make the card.

    Raises:
        CourseError: the text names nothing that can be checked.
        Stopped: the learner interrupted the run; nothing of it is left.
    """
    wanted = parse(course, text)
    outcome = run(course, wanted)
    if outcome.report is None or not outcome.report.lessons:
        lines = outcome.text.strip().splitlines()[-_LAST_LINES:] or ["They left no report and said nothing."]
        title = "The checks could not run."
        body = "\n".join(lines)
        return Card(f"{title}\n{body}", card(f"<strong>{title}</strong><pre>{safe(body)}</pre>"))
    step = next_step(course, wanted, outcome.report)
    return Card(outcome.text or step, report_card(outcome.report, next_step=step, up=_way_up(course)))


def run(course: Course, wanted: Wanted) -> Outcome:
    """Run the checks and read their report. The process and all that it printed are gone afterwards.

    Raises:
        Stopped: the learner interrupted the run.
    """
    with tempfile.TemporaryDirectory(prefix="workbook-check-") as folder:
        report_file, output_file = Path(folder, "report.json"), Path(folder, "output.txt")
        arguments = [
            *(sys.executable, "-m", "pytest", wanted.checks.relative_to(course.root).as_posix()),
            *("--target", os.environ.get("WORKBOOK_TARGET") or "lessons"),
            *("--report-json", str(report_file)),
        ]
        with output_file.open("wb") as output:
            process = subprocess.Popen(
                arguments,
                cwd=course.root,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: an interrupt of the kernel reaches it once, from here.
                start_new_session=True,
            )
            try:
                process.wait()
            except KeyboardInterrupt:
                raise Stopped from None
            finally:
                _end(process)
        with output_file.open("rb") as output:
            text = output.read(MAX_OUTPUT).decode("utf-8", "replace")
        return Outcome(_ANSI.sub("", text).strip("\n"), _read(report_file))


def next_step(course: Course, wanted: Wanted, report: Report) -> str:
    """What to do after this run, in a sentence or two."""
    results = [exercise for lesson in report.lessons for exercise in lesson.exercises]
    open_ones = [result for result in results if result.verdict is not Verdict.PASSED]
    if any(result.verdict is Verdict.CHECK_ERROR for result in open_ones):
        return "This is a fault of the workbook and not yours: please report it."
    if open_ones:
        problem = next((lesson.first_problem for lesson in report.lessons if lesson.first_problem), open_ones[0])
        exercise = course.exercise(problem.exercise)
        file = f"`lessons/{wanted.lesson.folder}/{exercise.files[0]}`" if exercise.files else "your file"
        if problem.verdict is Verdict.NOT_STARTED:
            return f"Next: exercise {exercise.id}, in {file}. Save the file and run this cell again."
        return "Save the file and run this cell again. Each save counts at once."
    lesson = wanted.lesson
    if len(results) < len(lesson.exercises):
        done = results[-1].exercise
        later = [exercise for exercise in lesson.exercises if exercise.number > course.exercise(done).number]
        follows = f"Next: exercise {later[0].id}, {later[0].title}." if later else f"Now `%check {lesson.number}`."
        return f"Exercise {done} works as agreed. {follows}"
    total = points_text(report.lessons[0].points)
    well = f"All {len(results)} exercises of lesson {lesson.number} work as agreed: {total} points. Well done."
    following = next((other for other in course.lessons if other.number > lesson.number), None)
    if following is None:
        return f"{well} That was the last lesson."
    place = course.notebook(following).relative_to(course.root).as_posix()
    return f"{well} Next: lesson {following.number}, {following.title}, in `{place}`."


def _end(process: subprocess.Popen[bytes]) -> None:
    """Make sure that the run is over: first as Ctrl-C in a terminal would, so that it clears up after itself."""
    if process.poll() is not None:
        return
    try:
        process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        process.wait(STOP_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass
    if process.poll() is None:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _UNWANTED_ENV and not name.startswith("PYTEST_")
    }
    return kept | {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb", "PYTHONUTF8": "1"}


def _read(file: Path) -> Report | None:
    try:
        return report_from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _way_up(course: Course) -> str | None:
    """What leads from the notebook's folder, which is the kernel's, to the course's."""
    try:
        depth = len(Path.cwd().resolve().relative_to(course.root.resolve()).parts)
    except ValueError:
        return None
    return "../" * depth
