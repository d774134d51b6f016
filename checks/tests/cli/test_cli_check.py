"""``workbook check`` and ``workbook watch``: pytest with another name, from any folder."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import Result

from workbook.cli.check import arguments_for
from workbook.course import progress
from workbook.course.model import Course, CourseError
from workbook.course.results import Report

Run = Callable[..., Result]


class Terminal(Protocol):
    """See conftest.py."""

    cwd: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]: ...

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]: ...


def test_what_pytest_is_given(course: Course, tmp_path: Path) -> None:
    checks = course.checks_dir
    assert arguments_for(course, ["1"], None) == [str(checks / "lesson_01")]
    assert arguments_for(course, ["02"], None) == [str(checks / "lesson_02")]
    assert arguments_for(course, ["lesson_02"], None) == [str(checks / "lesson_02")]
    assert arguments_for(course, ["1.2"], None) == [str(checks / "lesson_01" / "test_2_second.py")]
    assert arguments_for(course, ["1"], "solutions") == [str(checks / "lesson_01"), "--target", "solutions"]
    assert arguments_for(course, ["1"], str(course.solutions_dir))[2] == str(course.solutions_dir)


def test_several_are_checked_in_one_run(course: Course, terminal: Terminal) -> None:
    checks = course.checks_dir
    both = [str(checks / "lesson_01" / "test_1_first.py"), str(checks / "lesson_02")]
    assert arguments_for(course, ["1.1", "2"], None) == both
    run = terminal.run("check", "1.1", "1.2", "-q")
    assert run.returncode == 1
    assert "1 failed, 1 passed" in run.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-1"], "No such option: -1: see `workbook check --help`.\n"),
        (["1", "-2"], "No such option: -2: see `workbook check --help`.\n"),
        (["1.1", "9"], "There is no lesson 9: the course has lessons 1 to 2.\n"),
    ],
)
def test_what_cannot_be_checked_is_said_in_a_sentence(terminal: Terminal, words: list[str], said: str) -> None:
    run = terminal.run("check", *words)
    assert (run.returncode, run.stdout, run.stderr) == (2, "", said)


def test_a_target_is_a_folder_from_where_the_person_stands(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(course.solutions_dir, tmp_path / "class" / "anna")
    monkeypatch.chdir(tmp_path / "class")
    assert arguments_for(course, ["1"], "anna")[1:] == ["--target", str(tmp_path / "class" / "anna")]
    with pytest.raises(CourseError, match=r"The target class has no folder lesson_01\."):
        arguments_for(course, ["1"], ".")


def test_without_a_number_it_is_the_lesson_where_you_are(course: Course, report: Callable[..., Report]) -> None:
    progress.record(course, report({"1.1": "passed", "1.2": "passed"}), course.lessons_dir)
    assert arguments_for(course, [], None) == [str(course.checks_dir / "lesson_02")]
    progress.record(course, report({"2.1": "passed", "2.2": "passed"}), course.lessons_dir)
    with pytest.raises(CourseError, match="Every exercise has passed: say which lesson you mean, like 1"):
        arguments_for(course, [], None)


def test_an_exercise_without_checks(course: Course) -> None:
    (course.checks_dir / "lesson_01" / "test_2_second.py").unlink()
    with pytest.raises(CourseError, match=r"There are no checks for exercise 1\.2 in checks/lesson_01\."):
        arguments_for(course, ["1.2"], None)


def test_output_and_exit_code_are_those_of_pytest(course: Course, terminal: Terminal) -> None:
    passed = terminal.run("check", "1.1")
    assert passed.returncode == 0
    assert "1 passed" in passed.stdout
    terminal.cwd = course.root
    failed = terminal.run("check", "1")
    assert failed.returncode == 1
    assert "1 failed, 1 passed" in failed.stdout
    pytests = subprocess.run(
        [sys.executable, "-m", "pytest", "checks/lesson_01"],
        cwd=course.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert without_times(failed.stdout) == without_times(pytests.stdout)


def without_times(text: str) -> list[str]:
    return [line.split(" in ")[0].strip("= ") for line in text.splitlines()]


def test_unknown_options_go_to_pytest(terminal: Terminal) -> None:
    chosen = terminal.run("check", "1", "-k", "first", "-v")
    assert chosen.returncode == 0
    assert "test_first PASSED" in chosen.stdout
    here = terminal.run("check", "-k", "first", "--collect-only", "-q")
    assert here.returncode == 0, "the lesson is the one where the learner is"
    assert "test_1_first.py::test_first" in here.stdout


def test_json(course: Course, terminal: Terminal) -> None:
    run = terminal.run("check", "1", "--target", "solutions", "--json")
    assert run.returncode == 1
    assert json.loads(run.stdout) == {"target": "solutions", "checks": ["test_first", "test_second"]}


def test_json_of_a_run_that_did_not_happen(course: Course, terminal: Terminal) -> None:
    (course.checks_dir / "conftest.py").write_text("import no_such_module\n", encoding="utf-8")
    run = terminal.run("check", "1", "--json")
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr == "The checks did not run: ModuleNotFoundError: No module named 'no_such_module'.\n"


def test_status_fresh_runs_all_checks(course: Course, terminal: Terminal) -> None:
    conftest = course.checks_dir / "conftest.py"
    conftest.write_text(conftest.read_text(encoding="utf-8") + RECORD, encoding="utf-8")
    fresh = terminal.run("status", "--fresh")
    assert fresh.returncode == 0, fresh.stderr
    assert "2/5  ✔ ·" in fresh.stdout
    conftest.write_text("import no_such_module\n", encoding="utf-8")
    broken = terminal.run("status", "--fresh")
    assert broken.returncode == 2
    assert broken.stderr.endswith("The checks did not run to their end: `workbook check 1` says why.\n")


RECORD = """

def pytest_unconfigure(config):
    from workbook.course import progress
    from workbook.course.model import find_course
    from workbook.course.results import ExerciseResult, LessonResult, Report, Verdict

    result = ExerciseResult("1.1", "Say hello", Verdict.PASSED, 2, 2, ())
    course = find_course()
    progress.record(course, Report("lessons", 1, (LessonResult(1, "", (result,)),)), course.lessons_dir)
"""

REAL = """
def test_first(target):
    \"\"\"hello() gives a greeting\"\"\"
    assert 'return "hello"' in (target / "app" / "main.py").read_text()
"""


def test_a_real_run_moves_the_learner_on(course: Course, terminal: Terminal) -> None:
    """With the real plugin: what the checks find is what bare ``workbook`` builds upon."""
    (course.checks_dir / "conftest.py").write_text('pytest_plugins = ["workbook.plugin.hooks"]\n', encoding="utf-8")
    (course.checks_dir / "lesson_01" / "test_1_first.py").write_text(REAL, encoding="utf-8")
    untouched = terminal.run("check", "1.1")
    assert untouched.returncode == 1
    assert " · 1.1  Say hello" in untouched.stdout
    main = course.lessons_dir / "lesson_01" / "app" / "main.py"
    main.write_text('def hello() -> str:\n    return "hello"\n', encoding="utf-8")
    solved = terminal.run("check", "1.1", "--json")
    assert solved.returncode == 0, solved.stderr
    assert json.loads(solved.stdout)["lessons"][0]["exercises"][0]["verdict"] == "passed"
    assert "Exercise    1.2 · Say goodbye" in terminal.run().stdout


SLOW = """
import pathlib, time

def test_slow():
    pathlib.Path("begun").touch()
    if "slow" in pathlib.Path("lessons/lesson_01/app/main.py").read_text():
        time.sleep(60)
"""


@contextmanager
def watching(terminal: Terminal, *arguments: str) -> Generator[tuple[subprocess.Popen[str], Callable[[str], str]]]:
    """A running ``workbook watch``, and a function that reads on until a text has come."""
    process = terminal.start("watch", *arguments)
    assert process.stdout is not None
    stream = process.stdout

    def until(text: str) -> str:
        seen: list[str] = []
        for line in stream:
            seen.append(line)
            if text in line:
                return "".join(seen)
        raise AssertionError(f"{text!r} did not come:\n{''.join(seen)}")

    try:
        yield process, until
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        stream.close()


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    file.unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_watch_checks_again_on_every_save(course: Course, terminal: Terminal) -> None:
    main = course.lessons_dir / "lesson_01" / "app" / "main.py"
    with watching(terminal, "1") as (process, until):
        first = until("Watching lessons/lesson_01: save a file to check again, Ctrl-C to stop.")
        assert first.startswith("Checking lesson 1 …\n")
        assert "1 failed, 1 passed" in first
        (course.lessons_dir / "lesson_01" / "data.db").write_text("not a source", encoding="utf-8")
        main.write_text("changed = True\n", encoding="utf-8")
        again = until("Watching lessons/lesson_01")
        assert again.count("Checking lesson 1 …") == 1
        assert "1 failed, 1 passed" in again
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in until("Stopped watching.")
        assert process.wait(10) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_watch_drops_a_run_that_a_save_has_overtaken(course: Course, terminal: Terminal) -> None:
    main = course.lessons_dir / "lesson_01" / "app" / "main.py"
    main.write_text("slow = True\n", encoding="utf-8")
    (course.checks_dir / "lesson_01" / "test_1_first.py").write_text(SLOW, encoding="utf-8")
    with watching(terminal, "1.1") as (process, until):
        until("Checking exercise 1.1")
        wait_for(course.root / "begun")
        main.write_text("quick = True\n", encoding="utf-8")
        assert "1 passed" in until("Watching lessons/lesson_01")
        wait_for(course.root / "begun")
        main.write_text("slow = True\n", encoding="utf-8")
        until("Checking exercise 1.1")
        wait_for(course.root / "begun")
        process.send_signal(signal.SIGINT)
        until("Stopped watching.")
        assert process.wait(10) == 0


def test_watch_of_a_lesson_without_a_folder(run: Run, course: Course) -> None:
    (course.checks_dir / "lesson_02").rename(course.checks_dir / "lesson_09")
    result = run("watch", "2")
    assert result.exit_code == 2
    assert result.stderr == "There are no checks for lesson 2 in checks/lesson_02.\n"
