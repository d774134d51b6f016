"""``workbook restore``, and going back with ``workbook reset`` to how an exercise's files were before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from typer.testing import Result

from workbook.course import progress
from workbook.course.model import Course, find_course
from workbook.course.results import Report

Run = Callable[..., Result]
MakeReport = Callable[..., Report]
BYE = 'def bye() -> str:\n    return "so long"\n'


@pytest.fixture
def begun(course: Course) -> Course:
    """A course in which lesson 1 holds work."""
    main = course.lessons_dir / "lesson_01" / "app" / "main.py"
    main.write_text(main.read_text(encoding="utf-8").replace("return None", 'return "mine"'), encoding="utf-8")
    (main.parent / "bye.py").write_text(BYE, encoding="utf-8")
    return course


def text(course: Course, name: str, lesson: int = 1) -> str:
    return (course.lessons_dir / f"lesson_0{lesson}" / name).read_text(encoding="utf-8")


def only_backup(course: Course) -> str:
    [folder] = (course.state_dir / "backups").iterdir()
    return folder.name


def test_what_a_reset_put_away_comes_back(run: Run, begun: Course) -> None:
    mine = text(begun, "app/main.py")
    run("reset", "1", "--yes")
    assert text(begun, "app/main.py") != mine
    name = only_backup(begun)
    assert f"  {name}   2 files\n" in run("restore").stdout
    result = run("restore", name, answer="y\n")
    assert result.exit_code == 0
    assert "From the backup to lessons/lesson_01: 2 files\n  app/bye.py\n  app/main.py\n" in result.stdout
    assert (text(begun, "app/main.py"), text(begun, "app/bye.py")) == (mine, BYE)
    assert run("restore", name).stdout == "Nothing to do: lesson 1 holds these files already.\n"


def test_what_stood_in_its_place_is_kept_too(run: Run, begun: Course) -> None:
    run("reset", "1", "--yes")
    name = only_backup(begun)
    main = begun.lessons_dir / "lesson_01" / "app" / "main.py"
    main.write_text("since = True\n", encoding="utf-8")
    said = run("restore", name, "--yes").stdout
    assert "What stood there is kept in .workbook/backups/" in said
    [second] = [each for each in (begun.state_dir / "backups").iterdir() if each.name != name]
    assert (second / "app" / "main.py").read_text(encoding="utf-8") == "since = True\n"


def test_nothing_is_brought_back_unless_one_says_so(run: Run, begun: Course) -> None:
    run("reset", "1", "--yes")
    before = text(begun, "app/main.py")
    assert run("restore", only_backup(begun), answer="n\n").stdout.endswith("Nothing was changed.\n")
    assert text(begun, "app/main.py") == before


@pytest.mark.parametrize("name", ["nowhere", "../../lessons", "20261126-000000-update", ""])
def test_what_is_no_backup_of_a_lesson_is_refused(run: Run, begun: Course, name: str) -> None:
    run("reset", "1", "--yes")
    refused = run("restore", name)
    assert refused.exit_code == 2
    assert refused.stderr == f"There is no backup {name!r} of a lesson: workbook restore lists them.\n"


def test_a_reset_goes_back_to_when_the_exercise_before_passed(run: Run, begun: Course, report: MakeReport) -> None:
    """What 2.1 left in the file that both share stays; what came after it goes to a backup."""
    main = begun.lessons_dir / "lesson_02" / "app" / "main.py"
    after_1 = main.read_text(encoding="utf-8").replace("return None", 'return "dear"', 1)
    main.write_text(after_1, encoding="utf-8")
    progress.record(begun, report({"2.1": "passed"}), begun.lessons_dir)
    main.write_text(after_1.replace("return None", "return False"), encoding="utf-8")
    said = run("reset", "2.2", answer="y\n").stdout
    assert said.startswith("Back to how it was when 2.1 passed: 1 file in lessons/lesson_02\n  app/main.py\n")
    assert "Exercise 2.2 is as it was when 2.1 passed.\n" in said
    assert text(begun, "app/main.py", 2) == after_1
    assert progress.load(begun).has_passed("2.1")
    assert run("reset", "2.2").stdout == "Nothing to do: exercise 2.2 is as it was when 2.1 passed.\n"


def test_the_first_pass_is_what_counts(run: Run, begun: Course, report: MakeReport) -> None:
    main = begun.lessons_dir / "lesson_02" / "app" / "main.py"
    first = main.read_text(encoding="utf-8").replace("return None", 'return "dear"', 1)
    main.write_text(first, encoding="utf-8")
    progress.record(begun, report({"2.1": "passed"}), begun.lessons_dir)
    main.write_text(first.replace("return None", "return True"), encoding="utf-8")
    progress.record(begun, report({"2.1": "passed", "2.2": "passed"}), begun.lessons_dir)
    run("reset", "2.2", "--yes")
    assert text(begun, "app/main.py", 2) == first


def test_a_lesson_folder_that_was_lost_comes_back(run: Run, course: Course) -> None:
    before = {
        file.relative_to(course.lessons_dir): file.read_bytes()
        for file in (course.lessons_dir / "lesson_01").rglob("*")
        if file.is_file()
    }
    shutil.rmtree(course.lessons_dir / "lesson_01")
    find_course.cache_clear()
    assert "There is no lesson 1" not in run("hint", "1.1").stderr
    result = run("reset", "1", "--yes")
    assert result.exit_code == 0, result.stderr
    assert {name: (course.lessons_dir / name).read_bytes() for name in before} == before
