"""Every mistake at the command line is answered in one sentence, with exit code 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from workbook.cli.app import app
from workbook.course.model import Course, find_course

Run = Callable[..., Result]

MISTAKES = {
    "chek 1": "No such command 'chek': did you mean 'check'?",
    "dance": "No such command 'dance': see `workbook --help`.",
    "--colour": "No such option: --colour: see `workbook --help`.",
    "reset": "Missing argument 'N[.M]': see `workbook reset --help`.",
    "diff": "Missing argument 'N[.M]': see `workbook diff --help`.",
    "solution": "Missing argument 'N.M': see `workbook solution --help`.",
    "hint 1.1 --loud": "No such option: --loud: see `workbook hint --help`.",
    "hint 1": "An exercise is written as lesson.number, like 2.3; '1' is not.",
    "hint one": "An exercise is written as lesson.number, like 2.3; 'one' is not.",
    "hint 1.9": "Lesson 1 has no exercise 1.9: it has 1.1 to 1.2.",
    "hint 8.1": "There is no lesson 8: the course has lessons 1 to 2.",
    "check 8": "There is no lesson 8: the course has lessons 1 to 2.",
    "check 1.9": "Lesson 1 has no exercise 1.9: it has 1.1 to 1.2.",
    "check all": "A lesson is written as a number, like 2, and an exercise like 2.3; 'all' is neither.",
    "check 1.x": "An exercise is written as lesson.number, like 2.3; '1.x' is not.",
    "check 1 --target nowhere": (
        "There is no folder nowhere: --target takes lessons, solutions, or a folder that holds lesson_NN folders."
    ),
    "check 1 --target": "Option '--target' requires an argument: see `workbook --help`.",
    "watch 8": "There is no lesson 8: the course has lessons 1 to 2.",
    "lab 8": "There is no lesson 8: the course has lessons 1 to 2.",
    "serve 8": "There is no lesson 8: the course has lessons 1 to 2.",
    "serve 1 --port web": "A port is a number from 0 to 65535; 'web' is not.",
    "serve 1 --port 70000": "A port is a number from 0 to 65535; '70000' is not.",
    "build 8": "lessons/lesson_08/lesson.toml is missing: workbook new 8 NAME makes the skeleton of a lesson.",
    "verify 1 --jobs none": "--jobs takes a number from 1 on; 'none' is not.",
    "diff 1 2": "Got unexpected extra argument(s) (2): see `workbook diff --help`.",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake(run: Run, line: str) -> None:
    result = run(*line.split())
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", MISTAKES[line] + "\n")


COMMANDS = [
    *("lab", "check", "watch", "hint", "serve", "reset"),
    *("status", "diff", "solution", "doctor"),
    *("grade", "handout", "similar"),
    *("build", "verify"),
]


@pytest.mark.parametrize("command", ["", "status", "check 1", "hint 1.1", "doctor", "serve 1", "build"])
def test_outside_of_a_course(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    find_course.cache_clear()
    result = CliRunner().invoke(app, command)
    find_course.cache_clear()
    assert result.exit_code == 2
    assert result.stderr == "No workbook is found here: change to the folder that holds lessons/ and checks/.\n"


def test_a_lesson_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "course" / "lessons" / "lesson_02" / "lesson.toml").write_text("name = ", encoding="utf-8")
    result = run("status")
    assert result.exit_code == 2
    assert result.stderr.startswith("lesson_02/lesson.toml cannot be read: ")
    assert result.stderr.count("\n") == 1


def test_a_file_of_the_system_that_cannot_be_used(run: Run, course: Course) -> None:
    (course.state_dir).mkdir()
    (course.state_dir / "databases").write_text("a file where a folder should be", encoding="utf-8")
    result = run("serve", "1", "--port", "0")
    assert result.exit_code == 2
    assert result.stderr == f"File exists: {course.state_dir / 'databases'}.\n"


def test_version(run: Run) -> None:
    assert run("--version").stdout == "workbook 0.1.0\n"


@pytest.mark.parametrize(
    "name",
    [
        "lab",
        "check",
        "watch",
        "hint",
        "serve",
        "reset",
        "status",
        "diff",
        "solution",
        "doctor",
        "grade",
        "handout",
        "similar",
        "build",
        "verify",
    ],
)
def test_help_names_every_command(run: Run, name: str) -> None:
    assert f" {name} " in run("--help").stdout
    assert f"Usage: workbook {name}" in run(name, "--help").stdout
