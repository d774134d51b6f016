"""Start-up of the command line, and what it leaves to others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from workbook.course.model import Course

Run = Callable[..., Result]

HEAVY = ("fastapi", "httpx", "IPython", "jupyter_client", "pydantic", "pytest", "sqlalchemy", "uvicorn", "watchfiles")


@pytest.mark.parametrize("command", ["", "status", "--version"])
def test_nothing_heavy_is_imported(course: Course, command: str) -> None:
    script = (
        "import sys\n"
        "from workbook.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    out = subprocess.run([sys.executable, "-c", script, *command.split()], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines()[-1] == "[]"


def test_output_in_an_encoding_that_lacks_the_signs(course: Course) -> None:
    """A Windows console may be unable to show a bar; that is no reason to fail."""
    out = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-m", "workbook", "status"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "WORKBOOK_ROOT": str(course.root), "SYSTEMROOT": ""},
        check=True,
    )
    assert b"Greetings" in out.stdout


def test_build_is_handed_on(run: Run, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def build(course: Course, lessons: list[int] | None, *, check: bool, notebooks: bool, console: object) -> int:
        calls.append((course, lessons, check, notebooks))
        return 1

    monkeypatch.setattr("workbook.authoring.build.build", build)
    assert run("build").exit_code == 1
    assert run("build", "2", "lesson_01", "--check", "--no-notebooks").exit_code == 1
    assert calls == [(course, None, False, True), (course, [2, 1], True, False)]


def test_verify_is_handed_on(run: Run, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def verify(course: Course, lessons: list[int] | None, *, sample: int | None, seed: int, **options: Any) -> int:
        calls.append((course, lessons, options["jobs"], options["notebooks"], sample, seed))
        return 0

    monkeypatch.setattr("workbook.authoring.verify.verify", verify)
    assert run("verify", "--seed", "0").exit_code == 0
    assert run("verify", "2", "--jobs", "4", "--no-notebooks", "--seed", "17").exit_code == 0
    assert run("verify", "--sample", "20", "--seed", "3").exit_code == 0
    assert calls == [
        (course, None, 2, True, None, 0),
        (course, [2], 4, False, None, 17),
        (course, None, 2, True, 20, 3),
    ]
    assert run("verify").exit_code == 0  # with a seed of its own


def test_mutants_are_handed_on(run: Run, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def verify_mutants(
        course: Course, lessons: list[int] | None, *, sample: int | None, seed: int, jobs: int, console: object
    ) -> int:
        calls.append((course, lessons, sample, seed, jobs))
        return 0

    monkeypatch.setattr("workbook.authoring.mutation.verify_mutants", verify_mutants)
    assert run("verify", "2", "--mutants", "--seed", "3").exit_code == 0
    assert run("verify", "--mutants", "--sample", "20", "--seed", "3", "-j", "1").exit_code == 0
    assert calls == [(course, [2], None, 3, 2), (course, None, 20, 3, 1)]
    assert run("verify", "--mutants", "--sample", "few").exit_code == 2
