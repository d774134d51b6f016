"""``workbook carry``: a learner goes on with their own work, and loses none of it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.growing_course import GrowingCourse

from workbook.course import progress
from workbook.course.model import find_course
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Report, Verdict

TWO, THREE = "lessons/lesson_02/app", "lessons/lesson_03/app"


@pytest.fixture(params=["with solutions", "as handed out"])
def solved(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GrowingCourse]:
    """A course whose learner has solved lesson 2, and not begun lesson 3; with the solutions, and without."""
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    growing = GrowingCourse(tmp_path)
    assert growing.workbook("build", "--no-notebooks").exit_code == 0
    if request.param == "as handed out":
        shutil.rmtree(tmp_path / "solutions")
    growing.edit(f"{TWO}/recipes.py", "    # Exercise 2.1: Answer the first\n    return None\n", '    return "broth"\n')
    passed(growing)
    yield growing
    find_course.cache_clear()


def passed(growing: GrowingCourse, verdict: Verdict = Verdict.PASSED) -> None:
    check = CheckResult("test_it", "it is so", passed=verdict is Verdict.PASSED, verdict=verdict)
    result = ExerciseResult("2.1", "Answer the first", verdict, 2, 2, (check,))
    report = Report("lessons", 1, (LessonResult(2, "Recipes", (result,)),))
    progress.record(growing.course, report, growing.course.lessons_dir)


def test_own_work_and_what_is_new_today(solved: GrowingCourse) -> None:
    solved.edit(f"{TWO}/main.py", "True", "1 > 0")  # inherited
    solved.write(f"{TWO}/own.py", "OWN = 1\n")
    two = solved.files("lessons/lesson_02")
    result = solved.workbook("carry", "3", answer="y\n")
    assert result.exit_code == 0
    assert result.stdout == (
        "From your lesson 2: 2 files (app/main.py, app/own.py).\n"
        "Yours, with what is new today: 1 file (app/recipes.py).\n"
        "Begin lesson 3 like this? [y/N]: y\n"
        f"What was there is kept in {backup_in(result.stdout)}\n"
        "Done. workbook reset 3 brings back the lesson as it was handed out.\n"
    )
    text = solved.read(f"{THREE}/recipes.py")
    assert 'return "broth"' in text, "the learner's"
    assert "    # Exercise 3.1: Answer the last\n    return None\n" in text, "today's"
    assert "OPEN = 1 > 0" in solved.read(f"{THREE}/main.py")
    assert solved.read(f"{THREE}/own.py") == "OWN = 1\n"
    assert not (solved.root / f"{THREE}/store.py").exists(), "today takes it away"
    assert solved.read(f"{THREE}/tables.py") == "TABLES = 12\n"
    assert solved.files("lessons/lesson_02") == two
    assert solved.backups().keys() == {"app/main.py", "app/recipes.py"}
    again = solved.workbook("carry", "3")
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "It is there already: nothing was changed.")
    solved.workbook("reset", "3", "--yes")
    assert not (solved.root / f"{THREE}/own.py").exists()


def backup_in(text: str) -> str:
    match = re.search(r"\.workbook/backups/\d{8}-\d{6}-lesson_03(-\d)?", text)
    assert match, text
    return match[0]


def test_where_both_touch_the_same_lines_todays_file_stands(solved: GrowingCourse) -> None:
    handed_out = solved.read(f"{THREE}/recipes.py")
    solved.edit(f"{TWO}/recipes.py", 'return "cake"', 'return "pie"')
    solved.edit(f"{TWO}/store.py", "[]", '["salt"]')
    solved.write(f"{TWO}/tables.py", "TABLES = 3\n")
    solved.edit(f"{TWO}/main.py", "True", "1 > 0")
    result = solved.workbook("carry", "3", "--yes")
    assert result.stdout.startswith(
        "From your lesson 2: 1 file (app/main.py).\n"
        "As handed out, because your changes and today's meet in the same place: "
        "3 files (app/recipes.py, app/store.py, app/tables.py).\n"
        "  Your version stays in lessons/lesson_02: copy by hand what you want to keep.\n"
    )
    assert solved.read(f"{THREE}/recipes.py") == handed_out
    assert solved.read(f"{THREE}/tables.py") == "TABLES = 12\n"
    assert not (solved.root / f"{THREE}/store.py").exists()


def test_what_has_not_passed_is_not_carried(solved: GrowingCourse) -> None:
    before = solved.files("lessons")
    passed(solved, Verdict.FAILED)
    result = solved.workbook("carry", "3", "--yes")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "As handed out, because 2.1 did not pass in your last check: 1 file (app/recipes.py).",
        "So there is nothing to carry: lesson 3 stays as it is.",
    ]
    solved.edit(f"{TWO}/main.py", "True", "1 > 0")
    assert "From your lesson 2: 1 file (app/main.py)." in solved.workbook("carry", "3", "--yes").stdout
    assert solved.read(f"{THREE}/recipes.py") == before["lesson_03/app/recipes.py"]


def test_secrets_and_what_runs_leave_behind_stay_where_they_are(solved: GrowingCourse) -> None:
    for name in (".env", "app/server.log", "app/.ipynb_checkpoints/recipes-checkpoint.py"):
        solved.write(f"lessons/lesson_02/{name}", "SECRET_KEY = 1\n")
    assert solved.workbook("carry", "3", "--yes").exit_code == 0
    carried = {path.name for path in (solved.root / "lessons/lesson_03").rglob("*")}
    assert carried.isdisjoint({".env", "server.log", ".ipynb_checkpoints"})


def test_work_on_the_lesson_is_kept(solved: GrowingCourse) -> None:
    solved.write(f"{THREE}/recipes.py", "# an hour of work\n")
    solved.write(f"{THREE}/mine.py", "# and more\n")
    result = solved.workbook("carry", "3", answer="n\n")
    assert "lessons/lesson_03 is no longer as it was handed out: what is there goes to a backup." in result.stdout
    assert result.stdout.endswith("Nothing was changed.\n")
    assert solved.read(f"{THREE}/recipes.py") == "# an hour of work\n"
    solved.workbook("carry", "3", "--yes")
    assert solved.backups() == {"app/recipes.py": "# an hour of work\n", "app/mine.py": "# and more\n"}


def test_line_ends_are_no_difference(solved: GrowingCourse) -> None:
    for file in (solved.root / TWO).iterdir():
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    result = solved.workbook("carry", "3", "--yes")
    assert result.stdout.startswith("Yours, with what is new today: 1 file (app/recipes.py).\n")
    assert b"\r" not in (solved.root / THREE / "recipes.py").read_bytes()


def test_a_lesson_that_starts_afresh(solved: GrowingCourse) -> None:
    result = solved.workbook("carry", "2")
    assert (result.exit_code, result.stderr) == (
        2,
        "Lesson 2 starts afresh: it takes nothing from the lesson before.\n",
    )
