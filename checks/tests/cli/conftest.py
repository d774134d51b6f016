"""A small made-up course, and the command line on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from workbook.authoring.build import build
from workbook.cli.app import app
from workbook.course.model import Course, find_course
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Report, Verdict

LESSON_1 = """
name = "greetings"
title = "Greetings"
minutes = 40
objectives = ["greet", "greet again", "leave"]
prerequisites = []
env = { GREETING = "hello" }

[[exercises]]
title = "Say hello"
points = 2
files = ["app/main.py"]
contract = "hello() returns a greeting."
hints = ["What does it return now?", "A function returns what follows return.", "Put a text after return."]

[[exercises]]
title = "Say goodbye"
points = 3
files = ["app/bye.py"]
contract = "bye() returns a farewell."
hints = ["Which file is missing?", "A module is a file.", "Make app/bye.py."]
"""

LESSON_2 = """
name = "letters"
title = "Letters"
minutes = 50
objectives = ["read", "write", "send"]
prerequisites = ["Lesson 1"]

[[exercises]]
title = "Write a letter"
points = 4
files = ["app/main.py"]
contract = "letter() returns a text."
hints = ["Is it long?", "Texts can span lines.", "Use three quotes."]

[[exercises]]
title = "Seal a letter"
points = 1
files = ["app/main.py", "app/seal.py"]
contract = "seal() returns True."
hints = ["What seals?", "A truth value.", "Return one."]
stretch = true
"""

SOLUTIONS = {
    "lesson_01/app/__init__.py": "",
    "lesson_01/app/main.py": '''\
"""Greetings."""


def hello() -> str | None:
    # region 1.1 Greet
    return "hello"
    # starter: return None
    # endregion
''',
    "lesson_01/app/bye.py": """\
# region 1.2 file
def bye() -> str:
    return "bye"
""",
    "lesson_02/app/__init__.py": "",
    "lesson_02/app/main.py": """\
def letter() -> str | None:
    # region 2.1 Write
    return "dear reader"
    # starter: return None
    # endregion


def stamp() -> bool | None:
    # region 2.2 Stamp
    return True
    # starter: return None
    # endregion
""",
    "lesson_02/app/seal.py": """\
def seal() -> bool | None:
    # region 2.2 Seal
    return True
    # starter: return None
    # endregion
""",
}

CONFTEST = '''
"""Stands in for the plugin: the same options, and a report of what it was asked."""

import json


def pytest_addoption(parser):
    parser.addoption("--target", default="lessons")
    parser.addoption("--report-json")


def pytest_collection_modifyitems(config, items):
    config.stash_names = [item.name for item in items]


def pytest_sessionfinish(session):
    file = session.config.getoption("--report-json")
    if file:
        facts = {"target": session.config.getoption("--target"), "checks": session.config.stash_names}
        with open(file, "w", encoding="utf-8") as handle:
            json.dump(facts, handle)
'''

PYPROJECT = """
[project]
name = "a-course"
requires-python = ">=3.11"
dependencies = ["pytest>=9"]

[tool.pytest]
addopts = ["--disable-plugin-autoload", "--import-mode=importlib", "-p", "no:cacheprovider"]
"""

Run = Callable[..., Result]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    """A course of two lessons with solutions, starters and checks."""
    root = tmp_path / "course"
    write(root / "pyproject.toml", PYPROJECT)
    write(root / "checks" / "conftest.py", CONFTEST)
    write(root / "lessons" / "lesson_01" / "lesson.toml", LESSON_1)
    write(root / "lessons" / "lesson_02" / "lesson.toml", LESSON_2)
    for name, text in SOLUTIONS.items():
        write(root / "solutions" / name, text)
    for number in (1, 2):
        folder = root / "checks" / f"lesson_{number:02d}"
        write(folder / "test_1_first.py", "def test_first():\n    pass\n")
        write(folder / "test_2_second.py", "def test_second():\n    assert not 'yet'\n")
    course = Course(root)
    assert build(course, notebooks=False, console=Console(file=StringIO())) == 0
    monkeypatch.setenv("WORKBOOK_ROOT", str(root))
    monkeypatch.setenv("COLUMNS", "100")
    find_course.cache_clear()
    yield course
    find_course.cache_clear()


@pytest.fixture
def run(course: Course) -> Run:
    """Run a command line in this process, on the made-up course."""

    def invoke(*arguments: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=answer, catch_exceptions=False, prog_name="workbook")

    return invoke


@dataclass
class Terminal:
    """Runs the command in a process of its own, as a person would."""

    cwd: Path

    def command(self, *arguments: str) -> list[str]:
        """The command line of a process."""
        return [sys.executable, "-m", "workbook", *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it; its output and errors come in one stream."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONUTF8": "1"},
            timeout=60,
            check=False,
        )


@pytest.fixture
def terminal(course: Course, tmp_path: Path) -> Terminal:
    """A terminal in a folder that is not the course's."""
    return Terminal(tmp_path)


def write(file: Path, text: str) -> None:
    """Write a file and make its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


@pytest.fixture
def report() -> Callable[..., Report]:
    """Make a report: ``report({"1.1": "passed"}, points={"1.1": 2})``."""
    return make_report


def make_report(verdicts: dict[str, str], *, points: dict[str, float] | None = None, complete: bool = True) -> Report:
    """A report of a run on the learner's own lessons."""
    most = {"1.1": 2, "1.2": 3, "2.1": 4, "2.2": 1}
    lessons: dict[int, list[ExerciseResult]] = {}
    for exercise, text in verdicts.items():
        verdict = Verdict(text)
        earned = most[exercise] if verdict is Verdict.PASSED else 0
        result = ExerciseResult(
            exercise=exercise,
            title="a title",
            verdict=verdict,
            points=(points or {}).get(exercise, earned),
            max_points=most[exercise],
            checks=(CheckResult("test_it", "it is so", passed=verdict is Verdict.PASSED, verdict=verdict),),
            selected_all=complete,
        )
        lessons.setdefault(int(exercise[0]), []).append(result)
    return Report(
        target="lessons",
        seed=1,
        lessons=tuple(LessonResult(number, "a lesson", tuple(results)) for number, results in lessons.items()),
    )
