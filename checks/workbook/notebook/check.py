"""``%check 2`` and ``%check 2.3``: run the checks in a process of their own and show what they found."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.course.model import Course, CourseError, parse_exercise_id
from workbook.course.points import points_text
from workbook.course.results import Report, Verdict, report_from_json
from workbook.feedback.html import card, report_card, safe
from workbook.notebook.buttons import buttons
from workbook.notebook.cards import Card

if TYPE_CHECKING:
    from typing import Self

    from workbook.course.model import Lesson

STOP_SECONDS = 8.0
MAX_OUTPUT = 200_000
"""Bytes read of what a run printed."""
_LAST_LINES = 12
_LEFT_SECONDS = 3600.0
"""What a run left behind is removed when it is that old; no run takes as long."""
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
    name: str
    """The lesson or the exercise as it is typed: ``"2"`` or ``"2.3"``."""


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
        return Wanted(lesson, course.checks_dir / lesson.folder, str(lesson.number))
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
    return Wanted(lesson, files[0], exercise.id)


def check(course: Course, wanted: Wanted) -> Card:
    """Run the checks of a lesson or an exercise, and make the card.

    Raises:
        Stopped: the learner interrupted the run; nothing of it is left.
    """
    with Run(course, wanted) as run:
        return make_card(course, wanted, run.wait())


def make_card(course: Course, wanted: Wanted, outcome: Outcome) -> Card:
    """Show what a run of checks found."""
    if outcome.report is None or not outcome.report.lessons:
        lines = outcome.text.strip().splitlines()[-_LAST_LINES:] or ["They left no report and said nothing."]
        title = "The checks could not run."
        body = "\n".join(lines)
        return Card(f"{title}\n{body}", card(f"<strong>{title}</strong><pre>{safe(body)}</pre>"))
    step = next_step(course, wanted, outcome.report)
    below = buttons(course, wanted.lesson, wanted.name, outcome.report)
    return Card(outcome.text or step, report_card(outcome.report, next_step=step, up=_way_up(course), below=below))


class Run:
    """One run of checks, in a process of its own. Leaving the context ends it, and nothing of it stays behind."""

    def __init__(self, course: Course, wanted: Wanted) -> None:
        """Start the run."""
        self._folder = tempfile.TemporaryDirectory(prefix="check-", dir=_place_for_runs(course))
        self._report = Path(self._folder.name, "report.json")
        self._output = Path(self._folder.name, "output.txt")
        arguments = [
            *(sys.executable, "-m", "pytest", wanted.checks.relative_to(course.root).as_posix()),
            *("--target", os.environ.get("WORKBOOK_TARGET") or "lessons"),
            *("--report-json", str(self._report)),
        ]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                arguments,
                cwd=course.root,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: an interrupt of the kernel reaches it once, from here.
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.end()

    def wait(self) -> Outcome:
        """What the run left, once it is over.

        Raises:
            Stopped: the learner interrupted the kernel.
        """
        try:
            self._process.wait()
        except KeyboardInterrupt:
            raise Stopped from None
        return self.outcome()

    def is_over(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    def outcome(self) -> Outcome:
        """What it printed and reported until now."""
        with self._output.open("rb") as output:
            text = output.read(MAX_OUTPUT).decode("utf-8", "replace")
        return Outcome(_ANSI.sub("", text).strip("\n"), _read(self._report))

    def end(self) -> None:
        """End it where it still runs, and remove what it wrote."""
        _end(self._process)
        self._folder.cleanup()


def _place_for_runs(course: Course) -> Path | None:
    """Where runs keep what they say; None for where the system does. What is left of killed kernels is removed."""
    folder = course.state_dir / "runs"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        return folder
    return None


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
            return f"Next: exercise {exercise.id}, in {file}. This is checked again after each save."
        return "Save the file: this is checked again after each save."
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
