"""``workbook verify --mutants``: which mutants are tried, and what an author is told of those that live."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.authoring.test_verify import MadeUp, judge
from workbook.authoring import mutation, runs
from workbook.course.model import Course, Exercise, Lesson
from workbook.course.results import Report

SURVIVOR = """
[[survivor]]
exercise = "1.1"
file = "app/main.py"
before = '{before}'
after = '{after}'
because = "{because}"
"""
BEFORE = 'return f"{GREETING} {name}" if name else None'
AFTER = 'return f"{GREETING} {name}" if not (name) else None'
LIVES = f"a mutant survives: 1.1, app/main.py: {BEFORE}  →  {AFTER}"
Found = list[tuple[str, Any]]


def survivor(before: str = BEFORE, after: str = AFTER, because: str = "nobody is greeted so") -> str:
    return SURVIVOR.format(before=before, after=after, because=because)


def lenient(files: dict[str, str], exercise: str) -> Found:
    """Checks that take None for a greeting, so that one mutant lives."""
    found = judge(files, exercise)
    if exercise == "1.1" and "if not (name)" in files["app/main.py"]:
        return [(name, True) for name, _ in found]
    return found


class Mutated:
    """A made-up lesson whose mutants are tried."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lesson = MadeUp(root)
        self.lesson.change("solutions/lesson_01/app/main.py", 'f"{GREETING} {name}"', BEFORE.removeprefix("return "))
        self.orders: list[tuple[tuple[str, ...], runs.Until]] = []
        self.files: list[str] = []
        monkeypatch.setattr(runs, "run_checks", self._run_checks)

    def _run_checks(
        self,
        course: Course,
        lesson: Lesson,
        target: Path,
        folder: Path,
        exercises: Sequence[Exercise],
        pytest_: runs.Pytest,
        *,
        until: runs.Until = runs.Until.END,
    ) -> Report:
        self.orders.append((tuple(exercise.id for exercise in exercises), until))
        self.files.append("".join(file.read_text("utf-8") for file in sorted(target.rglob("*.py"))))
        return self.lesson.run_checks(course, lesson, target, folder, exercises, pytest_, until=until)

    def verify(self, sample: int | None = None, seed: int = 1) -> list[str]:
        """Try mutants; what is said, without the line that names the seed."""
        stream = io.StringIO()
        code = mutation.verify_mutants(
            self.lesson.course, [1], sample=sample, seed=seed, jobs=2, console=Console(file=stream, width=60)
        )
        lines = [line.removeprefix("lesson 1: ") for line in stream.getvalue().splitlines()]
        assert lines.pop() == f"The seed of this run is {seed}."
        assert code == (0 if lines[-1].endswith(", 0 faults") else 1)
        return lines


@pytest.fixture
def mutated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mutated:
    return Mutated(tmp_path, monkeypatch)


def test_each_mutant_meets_its_own_exercise_first(mutated: Mutated) -> None:
    (said,) = mutated.verify()
    assert said.endswith(" mutants (100%) killed, 0 faults")
    assert mutated.orders[0] == ((), runs.Until.END)  # the solution
    assert set(mutated.orders[1:]) == {
        (("1.1", "1.2"), runs.Until.FIRST_FAILURE),
        (("1.2", "1.1"), runs.Until.FIRST_FAILURE),
    }
    assert said.startswith(f"{len(mutated.orders) - 1} of {len(mutated.orders) - 1} mutants")


def test_a_survivor_is_a_fault_until_it_is_listed(mutated: Mutated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "MIN_KILLED", 0.5)
    mutated.lesson.find = lenient
    said = mutated.verify()
    assert said[0] == LIVES
    assert said[1].endswith(", 1 fault")
    mutated.lesson.variants(survivor(before=f"   {BEFORE}"))
    (said,) = mutated.verify()
    assert said.endswith(", 0 faults")


def test_a_listed_survivor_that_a_check_notices_is_a_fault(mutated: Mutated) -> None:
    mutated.lesson.variants(survivor())
    assert mutated.verify()[0] == (
        f"a check notices it now: remove the survivor 1.1, app/main.py: {BEFORE}  →  {AFTER}"
    )


def test_a_reason_does_not_let_many_live(mutated: Mutated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "MIN_KILLED", 0.99)
    mutated.lesson.find = lenient
    mutated.lesson.variants(survivor())
    said = mutated.verify()
    assert len(said) == 2, said
    assert said[0].startswith("only ")
    assert said[0].endswith(" are killed; it takes 99%")


def test_a_survivor_that_is_no_mutant_any_more(mutated: Mutated) -> None:
    mutated.lesson.variants(survivor(before="x = 1", after=""))
    said = mutated.verify(sample=1)
    assert said[0] == "there is no such mutant any more: remove the survivor 1.1, app/main.py: x = 1  →  nothing"
    assert said[1].startswith("1 of 1 mutants (100%) killed, a sample of ")


@pytest.mark.parametrize("table", [survivor().replace("because", "why"), survivor(because="  "), "[[survivor]]\n"])
def test_a_survivor_has_a_reason(mutated: Mutated, table: str) -> None:
    mutated.lesson.variants(table)
    stream = io.StringIO()
    console = Console(file=stream, width=60)
    assert mutation.verify_mutants(mutated.lesson.course, [1], sample=None, seed=1, console=console) == 1
    assert "variants.toml: survivor 1: it has exercise, file, before, after, because" in stream.getvalue()
    assert mutated.orders == []


def test_a_sample_is_the_same_for_a_seed(mutated: Mutated) -> None:
    tried: list[list[str]] = []
    for seed in (1, 1, 2, 3, 4):
        mutated.files.clear()
        mutated.verify(sample=2, seed=seed)
        assert len(mutated.files) == 3
        tried.append(sorted(mutated.files))
    assert tried[0] == tried[1]
    assert any(other != tried[0] for other in tried[2:])


def test_mutants_are_not_tried_while_the_solution_fails(mutated: Mutated) -> None:
    mutated.lesson.change("solutions/lesson_01/app/bye.py", "bye {name}", "ciao {name}")
    stream = io.StringIO()
    console = Console(file=stream, width=60)
    assert mutation.verify_mutants(mutated.lesson.course, None, sample=None, seed=1, console=console) == 1
    assert "the solution: exercise 1.2 does not pass, so its mutants were not tried\n" in stream.getvalue()
    assert len(mutated.orders) == 1


def test_a_check_that_blames_itself_is_a_fault(mutated: Mutated) -> None:
    def blames(files: dict[str, str], exercise: str) -> Found:
        faulty = exercise == "1.2" and "bye {name}_" in files["app/bye.py"]
        return [("test_x", AssertionError("ours"))] if faulty else judge(files, exercise)

    mutated.lesson.find = blames
    said = mutated.verify()
    assert len(said) == 3, said
    assert said[0].startswith("mutant of 1.2, app/bye.py: farewell = ")
    assert said[0].endswith(": a check calls this a fault of its own")
