"""How far a run is, in words."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from workbook.course.results import ExerciseResult, LessonResult, Verdict
from workbook.grading.run import progress_display as progress
from workbook.grading.run.progress_display import Counter
from workbook.grading.run.task import GradeAnswer


def answer(verdict: Verdict) -> GradeAnswer:
    """A lesson of one exercise."""
    return GradeAnswer(LessonResult(1, "Kitchen", (ExerciseResult("1.1", "title", verdict, 0.0, 2, ()),)))


def test_plain_lines_say_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Done, running, waiting, the rate, the time to go, and faults of ours."""
    now = iter(range(0, 1000, 12))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(now)))
    out = io.StringIO()
    with Counter(Console(file=out, width=100), workers=2) as counter:
        counter.begin(6, known=2)
        for verdict in (Verdict.PASSED, Verdict.CHECK_ERROR, Verdict.FAILED, Verdict.CRASHED):
            counter.done(answer(verdict))
    lines = out.getvalue().splitlines()
    assert lines[0] == "2 of 6 lesson-grades are known already."
    assert lines[1].startswith("3 of 6 done, 2 running, 1 waiting, ")
    assert " a minute, about " in lines[1]
    assert lines[1].endswith(" s to go")
    assert lines[2].startswith("4 of 6 done, 2 running, 0 waiting, ")
    assert lines[2].endswith(", 1 with a grader error")
    assert lines[-1].startswith("6 of 6 done, ")
    assert "running" not in lines[-1]


def test_bar_says_the_same() -> None:
    """Where somebody watches, the words stand beside a bar."""
    out = io.StringIO()
    with Counter(Console(file=out, width=120, force_terminal=True), workers=2) as counter:
        counter.begin(3, known=0)
        counter.done(answer(Verdict.PASSED))
    assert "1 of 3 done, 2 running, 0 waiting" in out.getvalue()
