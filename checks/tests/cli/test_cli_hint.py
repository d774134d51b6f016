"""``workbook hint``."""

from __future__ import annotations

import json
from collections.abc import Callable
from inspect import cleandoc

from typer.testing import Result

from workbook.course import progress
from workbook.course.model import Course
from workbook.course.results import Report

Run = Callable[..., Result]


def test_each_call_goes_one_further(run: Run) -> None:
    assert (
        run("hint", "1.1").stdout
        == cleandoc("""
        Hint 1 of 3 for 1.1 · Say hello

        What does it return now?

        One step more: workbook hint 1.1
        """)
        + "\n"
    )
    assert "Hint 2 of 3" in run("hint", "1.1").stdout
    assert (
        run("hint", "1.1").stdout
        == cleandoc("""
        Hint 3 of 3 for 1.1 · Say hello

        Put a text after return.

        This is the last hint. After it comes the solution: workbook solution 1.1
        """)
        + "\n"
    )
    assert (
        run("hint", "1.1").stdout
        == cleandoc("""
        Hint 3 of 3 for 1.1 · Say hello

        Put a text after return.

        You have read all the hints. The next step: workbook solution 1.1
        """)
        + "\n"
    )


def test_without_a_number_it_is_for_where_you_are(run: Run, course: Course, report: Callable[..., Report]) -> None:
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    assert run("hint").stdout.startswith("Hint 1 of 3 for 1.2 · Say goodbye\n")


def test_as_json(run: Run) -> None:
    assert json.loads(run("hint", "2.1", "--json").stdout) == {
        "schema": "fastapi-workbook/hint/v1",
        "exercise": "2.1",
        "level": 1,
        "levels": 3,
        "text": "Is it long?",
    }
