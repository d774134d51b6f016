"""``workbook reset``: nothing of a learner's is ever lost."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path

import pytest
from typer.testing import Result

from workbook.course import backups, progress
from workbook.course.model import Course
from workbook.course.results import Report

Run = Callable[..., Result]
MakeReport = Callable[..., Report]


def spoil(course: Course) -> dict[str, bytes]:
    """Work on lesson 1 as a learner would; returns what has to be kept."""
    folder = course.lessons_dir / "lesson_01"
    work = {"app/main.py": b"my own hello\r\n", "app/bye.py": b"bye", "app/extra/deep.py": b"", "data.db": b"\x00\xff"}
    for name, data in work.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "app" / "extra" / "__pycache__").mkdir()
    return work


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def backup_named_in(text: str, course: Course) -> Path:
    match = re.search(r"Your files are kept in (\.workbook/backups/\d{8}-\d{6}-lesson_\d\d(?:-\d)?)\n", text)
    assert match, text
    return course.root / match[1]


def test_a_lesson(run: Run, course: Course, report: MakeReport) -> None:
    before = files(course.lessons_dir / "lesson_01")
    work = spoil(course)
    progress.record(course, report({"1.1": "passed", "2.1": "passed"}), course.lessons_dir)
    progress.reveal_hint(course, "1.1")
    result = run("reset", "1", answer="y\n")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        cleandoc("""
        Back to the starter: 1 file in lessons/lesson_01
          app/main.py
        Put away, because the starter does not have it: 3 files
          app/bye.py
          app/extra/deep.py
          data.db
        Reset lesson 1? [y/N]: y
        Lesson 1 is back at its starter.
        Your files are kept in .workbook/backups/
        """)
    )
    assert files(course.lessons_dir / "lesson_01") == before
    assert not (course.lessons_dir / "lesson_01" / "app" / "extra").exists()
    assert files(backup_named_in(result.stdout, course)) == work
    known = progress.load(course)
    assert list(known.exercises) == ["2.1"]
    assert known.hint_level("1.1") == 0


def test_an_exercise_restores_its_files_only_and_says_what_else_goes(
    run: Run, course: Course, report: MakeReport
) -> None:
    folder = course.lessons_dir / "lesson_02"
    starter = (folder / "app" / "main.py").read_bytes()
    (folder / "app" / "main.py").write_text("changed", encoding="utf-8")
    (folder / "app" / "seal.py").write_text("changed too", encoding="utf-8")
    (folder / "app" / "mine.py").write_text("mine", encoding="utf-8")
    progress.record(course, report({"2.1": "passed", "2.2": "passed"}), course.lessons_dir)
    result = run("reset", "2.1", "--yes")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        cleandoc("""
        Back to the starter: 1 file in lessons/lesson_02
          app/main.py
        The same files hold the work on 2.2: that goes back too.
        All other files stay as they are.
        Exercise 2.1 is back at its starter.
        Your files are kept in .workbook/backups/
        """)
    )
    assert (folder / "app" / "main.py").read_bytes() == starter
    assert (folder / "app" / "seal.py").read_text(encoding="utf-8") == "changed too"
    assert (folder / "app" / "mine.py").exists()
    assert files(backup_named_in(result.stdout, course)) == {"app/main.py": b"changed"}
    assert progress.load(course).exercises == {}


def test_an_exercise_whose_file_the_learner_makes(run: Run, course: Course) -> None:
    spoil(course)
    result = run("reset", "1.2", "--yes")
    assert result.stdout.startswith("Put away, because the starter does not have it: 1 file\n  app/bye.py\n")
    assert not (course.lessons_dir / "lesson_01" / "app" / "bye.py").exists()
    assert (course.lessons_dir / "lesson_01" / "app" / "extra" / "deep.py").exists()
    assert files(backup_named_in(result.stdout, course)) == {"app/bye.py": b"bye"}


def test_a_file_that_was_deleted_comes_back(run: Run, course: Course) -> None:
    file = course.lessons_dir / "lesson_01" / "app" / "main.py"
    starter = file.read_bytes()
    file.unlink()
    result = run("reset", "1", "--yes")
    assert result.exit_code == 0
    assert "kept in" not in result.stdout, "there was nothing to keep"
    assert file.read_bytes() == starter


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_is_replaced_and_what_it_points_to_stays(run: Run, course: Course, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("precious", encoding="utf-8")
    file = course.lessons_dir / "lesson_01" / "app" / "main.py"
    starter = file.read_bytes()
    file.unlink()
    file.symlink_to(elsewhere)
    result = run("reset", "1", "--yes")
    assert result.exit_code == 0
    assert not file.is_symlink()
    assert file.read_bytes() == starter
    assert elsewhere.read_text(encoding="utf-8") == "precious"
    assert (backup_named_in(result.stdout, course) / "app" / "main.py").is_symlink()


def test_a_folder_where_a_file_should_be(run: Run, course: Course) -> None:
    file = course.lessons_dir / "lesson_01" / "app" / "main.py"
    starter = file.read_bytes()
    file.unlink()
    file.mkdir()
    (file / "mine.py").write_text("mine", encoding="utf-8")
    result = run("reset", "1", "--yes")
    assert result.exit_code == 0
    assert file.read_bytes() == starter
    assert files(backup_named_in(result.stdout, course)) == {"app/main.py/mine.py": b"mine"}


def test_no_means_no(run: Run, course: Course) -> None:
    spoil(course)
    before = files(course.lessons_dir)
    for answer in ("n\n", "\n"):
        result = run("reset", "1", answer=answer)
        assert result.exit_code == 0
        assert result.stdout.endswith("Nothing was changed.\n")
    unanswered = run("reset", "1")
    assert unanswered.exit_code == 2
    assert files(course.lessons_dir) == before
    assert not course.state_dir.joinpath("backups").exists()


def test_nothing_to_do(run: Run) -> None:
    assert run("reset", "1").stdout == "Nothing to do: lesson 1 is as it was handed out.\n"
    assert run("reset", "2.2").stdout == "Nothing to do: exercise 2.2 is as it was handed out.\n"


def test_line_ends_alone_are_no_change(run: Run, course: Course) -> None:
    file = course.lessons_dir / "lesson_01" / "app" / "main.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert run("reset", "1").stdout.startswith("Nothing to do")


def test_a_reset_that_cannot_be_done(run: Run, course: Course) -> None:
    spoil(course)
    before = files(course.lessons_dir)
    course.state_dir.write_text("a file where a folder should be", encoding="utf-8")
    result = run("reset", "1", "--yes")
    assert result.exit_code == 2
    assert result.stderr.startswith("The reset stopped: ")
    assert files(course.lessons_dir) == before, "without a backup nothing is touched"


def test_two_backups_in_one_second_are_two_folders(course: Course) -> None:
    lesson = course.lesson(1)
    first, second = (backups.keep(course, lesson, ["app/main.py"]) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first != second
    assert files(first) == files(second)
    assert backups.keep(course, lesson, ["app/none.py"]) is None
