"""Bare ``workbook`` and ``workbook status``: where the learner is."""

from __future__ import annotations

import json
from collections.abc import Callable
from inspect import cleandoc

import pytest
from typer.testing import Result

from workbook.course import progress
from workbook.course.model import Course
from workbook.course.results import Report

Run = Callable[..., Result]
MakeReport = Callable[..., Report]


def test_the_first_time(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert (
        result.stdout
        == cleandoc("""
        FastAPI workbook · 0 of 10 points in 2 lessons

        Lesson      1 · Greetings (40 minutes)
        Exercise    1.1 · Say hello (2 points)
        Read        workbook lab 1            notebooks/01_greetings.ipynb
        Edit        lessons/lesson_01/app/main.py
        Check       workbook check 1.1        or on every save: workbook watch 1
        """)
        + "\n"
    )


def test_in_the_middle(run: Run, course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed", "1.2": "failed"}, points={"1.2": 1.5}), course.lessons_dir)
    progress.reveal_hint(course, "1.2")
    assert (
        run().stdout
        == cleandoc("""
        FastAPI workbook · 3.5 of 10 points in 2 lessons

        Lesson      1 · Greetings
        Exercise    1.2 · Say goodbye (last check: failed, 1.5/3)
        Read        workbook lab 1            notebooks/01_greetings.ipynb
        Edit        lessons/lesson_01/app/bye.py
        Check       workbook check 1.2        or on every save: workbook watch 1
        Stuck?      workbook hint 1.2         1 of 3 read
        """)
        + "\n"
    )


def test_at_the_end(run: Run, course: Course, report: MakeReport) -> None:
    progress.record(course, report(dict.fromkeys(["1.1", "1.2", "2.1", "2.2"], "passed")), course.lessons_dir)
    assert (
        run().stdout
        == cleandoc("""
        FastAPI workbook · 10 of 10 points in 2 lessons

        Every exercise has passed. Well done.
        Compare     workbook diff 1           your work beside the solution
        Look back   workbook status
        """)
        + "\n"
    )


def test_as_json(run: Run, course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed", "1.2": "timed_out"}), course.lessons_dir)
    assert json.loads(run("--json").stdout) == {
        "schema": "fastapi-workbook/where/v1",
        "points": 2,
        "max_points": 10,
        "lesson": 1,
        "exercise": "1.2",
        "title": "Say goodbye",
        "verdict": "timed_out",
        "hint_level": 0,
        "notebook": "notebooks/01_greetings.ipynb",
        "file": "lessons/lesson_01/app/bye.py",
        "command": "workbook check 1.2",
    }


def test_as_json_at_the_end(run: Run, course: Course, report: MakeReport) -> None:
    progress.record(course, report(dict.fromkeys(["1.1", "1.2", "2.1", "2.2"], "passed")), course.lessons_dir)
    data = json.loads(run("--json").stdout)
    assert (data["lesson"], data["exercise"], data["points"]) == (None, None, 10)


def test_status_is_a_table_with_a_bar_for_each_lesson(run: Run, course: Course, report: MakeReport) -> None:
    verdicts = {"1.1": "passed", "1.2": "failed", "2.1": "not_started"}
    progress.record(course, report(verdicts, points={"1.2": 0.5}), course.lessons_dir)
    result = run("status")
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        "Lesson                               Points  Exercises",
        "1 · Greetings  ██████████░░░░░░░░░░   2.5/5  ✔ ✘",
        "2 · Letters    ░░░░░░░░░░░░░░░░░░░░     0/5  · ·",
        "Total          █████░░░░░░░░░░░░░░░  2.5/10",
    ]


def test_status_as_a_page(run: Run, course: Course, report: MakeReport, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("workbook.cli.lab.has_screen", lambda: True)
    monkeypatch.setattr("typer.launch", opened.append)
    progress.record(course, report({"1.1": "passed", "1.2": "failed"}, points={"1.2": 0.5}), course.lessons_dir)
    assert run("status", "--page").stdout == "Where you are: .workbook/status.html\n"
    file = course.state_dir / "status.html"
    assert opened == [file.as_uri()]
    page = file.read_text(encoding="utf-8")
    assert "<p>2.5 of 10 points</p>" in page
    assert "<span>2.5 of 5 points, about 25 minutes left</span>" in page
    assert "Say goodbye" in page
    assert "<button" not in page


def test_status_as_json(run: Run, course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    data = json.loads(run("status", "--json").stdout)
    assert data["schema"] == "fastapi-workbook/status/v1"
    assert (data["points"], data["max_points"]) == (2, 10)
    assert [lesson["title"] for lesson in data["lessons"]] == ["Greetings", "Letters"]
    assert data["lessons"][0]["exercises"][0] == {
        "exercise": "1.1",
        "title": "Say hello",
        "verdict": "passed",
        "points": 2,
        "max_points": 2,
    }
    assert data["lessons"][1]["exercises"][0]["verdict"] == "not_started"


@pytest.mark.parametrize("command", [(), ("status",), ("hint",), ("check",)])
def test_a_course_without_lessons(run: Run, course: Course, command: tuple[str, ...]) -> None:
    for lesson in course.lessons:
        (course.lessons_dir / lesson.folder / "lesson.toml").unlink()
    result = run(*command)
    assert result.exit_code == 2
    assert result.stderr == "The course has no lessons yet: lessons/ holds no lesson_NN/lesson.toml.\n"
