"""``make test``: one lesson of it, and which tests were the slowest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import run_all


def test_a_lesson_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("checks/lesson_07", "solutions/lesson_07", "notebooks"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "notebooks/07_auth.ipynb").touch()
    (tmp_path / "notebooks/08_more.ipynb").touch()
    monkeypatch.setattr(run_all, "ROOT", tmp_path)
    steps = run_all.lesson_steps(7)
    assert {step.name for step in steps} == {step.name for step in run_all.STEPS} - {"tests"}
    for step in steps:
        words = " ".join(step.command)
        assert "lesson_07" in words or "notebooks/07_auth.ipynb" in words or " 7 " in words, step.name
        assert "08_more" not in words


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ((), "there is no checks/lesson_07: workbook new 7 NAME begins a lesson"),
        (("checks/lesson_07", "solutions/lesson_07"), "lesson 7 has no notebook yet: workbook build 7 makes it"),
    ],
)
def test_a_lesson_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], said: str
) -> None:
    for name in there:
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(run_all, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match=said):
        run_all.lesson_steps(7)


def test_the_slowest_tests(tmp_path: Path) -> None:
    cases = "".join(f'<testcase classname="tests.test_it" name="test_{n}" time="{n / 10}"/>' for n in range(30))
    (tmp_path / "tests.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>", encoding="utf-8")
    lines = run_all.slowest(tmp_path / "tests.xml")
    assert len(lines) == 10
    assert lines[0] == "    2.9 s   tests.test_it::test_29"
    assert run_all.slowest(tmp_path / "none.xml") == []


@pytest.mark.parametrize(
    ("words", "passed_on"), [((), ""), (("LESSON=3",), "--lesson 3"), (("STEPS=ruff", "LESSON=3"), "ruff --lesson 3")]
)
def test_make_passes_the_lesson_on(words: tuple[str, ...], passed_on: str) -> None:
    # Where make itself runs these tests, its own words must not reach this one.
    own = ("MAKE", "MFLAGS", "STEPS", "LESSON")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    command = ["make", "--no-print-directory", "-n", "test", *words]
    try:
        done = subprocess.run(command, cwd=run_all.ROOT, env=environment, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("there is no make")
    assert done.stdout.split("bootstrap.py test", 1)[1].strip() == passed_on
