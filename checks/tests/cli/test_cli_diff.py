"""``workbook diff`` and ``workbook solution``."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from inspect import cleandoc

import pytest
from typer.testing import Result

from workbook.course import progress
from workbook.course.model import Course
from workbook.course.results import Report

Run = Callable[..., Result]
MakeReport = Callable[..., Report]


def test_a_lesson(run: Run, course: Course) -> None:
    (course.lessons_dir / "lesson_01" / "app" / "own.py").write_text("mine = True\n", encoding="utf-8")
    (course.lessons_dir / "lesson_01" / "app" / "data.db").write_bytes(b"\x00\xff")
    result = run("diff", "1", "--yes")
    assert result.exit_code == 0
    assert (
        result.stdout
        == cleandoc("""
        --- lessons/lesson_01/app/bye.py
        +++ solutions/lesson_01/app/bye.py
        @@ -0,0 +1,2 @@
        +def bye() -> str:
        +    return "bye"
        --- lessons/lesson_01/app/main.py
        +++ solutions/lesson_01/app/main.py
        @@ -2,5 +2,4 @@
        \x20
        \x20
         def hello() -> str | None:
        -    # Exercise 1.1: Greet
        -    return None
        +    return "hello"
        Only in yours: lessons/lesson_01/app/own.py
        """)
        + "\n"
    )


def test_an_exercise_shows_its_own_files_only(run: Run) -> None:
    result = run("diff", "1.2", "--yes")
    assert "app/bye.py" in result.stdout
    assert "app/main.py" not in result.stdout


def test_the_same(run: Run, course: Course) -> None:
    file = course.lessons_dir / "lesson_01" / "app" / "main.py"
    file.write_text('"""Greetings."""\n\n\ndef hello() -> str | None:\n    return "hello"\n', encoding="utf-8")
    assert run("diff", "1.1").stdout == "Your files of exercise 1.1 are the same as the solution.\n"


@pytest.mark.parametrize("command", [("diff", "1"), ("solution", "1.1")])
def test_without_solutions(run: Run, course: Course, command: tuple[str, ...]) -> None:
    shutil.rmtree(course.solutions_dir)
    result = run(*command)
    assert result.exit_code == 2
    assert result.stderr == "The solutions are not part of this copy of the workbook: ask your instructor.\n"


@pytest.mark.parametrize("command", [("diff", "1"), ("solution", "1.1")])
def test_a_solution_with_a_fault_in_its_marks(run: Run, course: Course, command: tuple[str, ...]) -> None:
    file = course.solutions_dir / "lesson_01" / "app" / "main.py"
    file.write_text("# endregion\n", encoding="utf-8")
    result = run(*command)
    assert result.exit_code == 2
    assert result.stderr.startswith("The solution of lesson 1 has a fault: solutions/lesson_01/app/main.py:1")
    assert result.stderr.count("\n") == 1


SOLUTION = cleandoc('''
    Solution of 1.1 · Say hello

    app/main.py
    """Greetings."""


    def hello() -> str | None:
        return "hello"

    Beside your own: workbook diff 1.1
    ''')


def test_a_solution_after_a_pass(run: Run, course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    assert run("solution", "1.1").stdout == SOLUTION + "\n"


def test_a_solution_is_given_when_asked_for(run: Run) -> None:
    question = "Exercise 1.1 has not passed yet (3 of 3 hints are left). Show the solution? [y/N]: "
    assert run("solution", "1.1", answer="y\n").stdout == f"{question}y\n{SOLUTION}\n"
    assert run("solution", "1.1", "--yes").stdout == SOLUTION + "\n"


def test_a_solution_is_not_given_otherwise(run: Run) -> None:
    result = run("solution", "1.1", answer="n\n")
    assert result.exit_code == 0
    assert result.stdout.endswith("\nNot shown. The next hint: workbook hint 1.1\n")
    unanswered = run("solution", "1.1")
    assert unanswered.exit_code == 2
    assert unanswered.stderr.strip() == "Nothing was done, because the question was not answered: --yes answers it."


def test_a_solution_in_several_files_and_regions(run: Run) -> None:
    assert (
        run("solution", "2.2", "--yes").stdout
        == cleandoc("""
        Solution of 2.2 · Seal a letter

        app/main.py
        def letter() -> str | None:
            return "dear reader"


        def stamp() -> bool | None:
            return True

        app/seal.py
        def seal() -> bool | None:
            return True

        Beside your own: workbook diff 2.2
        """)
        + "\n"
    )
    assert 'def bye() -> str:\n    return "bye"\n' in run("solution", "1.2", "--yes").stdout


def test_a_solution_is_the_state_after_its_exercise(run: Run) -> None:
    shown = run("solution", "2.1", "--yes").stdout
    assert 'return "dear reader"' in shown
    assert "def stamp() -> bool | None:\n    # Exercise 2.2: Stamp\n    return None" in shown
    assert "app/seal.py" not in shown


def test_an_exercise_is_compared_with_the_furthest_that_passed(run: Run, course: Course, report: MakeReport) -> None:
    """Whoever has passed 2.2 is not shown its lines as if they were too many in 2.1."""
    main = course.lessons_dir / "lesson_02" / "app" / "main.py"
    main.write_text(run("solution", "2.2", "--yes").stdout.split("app/main.py\n")[1].split("\n\napp/")[0], "utf-8")
    assert "+    # Exercise 2.2: Stamp" in run("diff", "2.1", "--yes").stdout
    progress.record(course, report({"2.1": "passed", "2.2": "passed"}), course.lessons_dir)
    assert run("diff", "2.1").stdout == "Your files of exercise 2.1 are the same as the solution.\n"


@pytest.mark.parametrize("what", ["1.2", "1"])
def test_a_difference_tells_the_solution_and_so_it_asks(run: Run, what: str) -> None:
    asked = run("diff", what, answer="n\n").stdout
    assert "has not passed yet (3 of 3 hints are left). Show the solution? [y/N]: n" in asked
    assert "+++" not in asked
