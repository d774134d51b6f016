"""What a lesson inherits is the last lesson's to the byte, and each difference is one line."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console

from tests.growing_course import GrowingCourse
from workbook.authoring.build import build
from workbook.authoring.notebook_source import exercise_text
from workbook.authoring.starters import build_lesson
from workbook.course.model import CourseError, read_lesson

TOML = "lessons/lesson_03/lesson.toml"


def check(growing: GrowingCourse, *lessons: int) -> list[str]:
    """What ``workbook build --check`` says of lessons whose starters are as built."""
    build(growing.course, lessons, notebooks=False, console=Console(file=StringIO()))
    said = StringIO()
    build(growing.course, lessons, check=True, notebooks=False, console=Console(file=said, width=300))
    return said.getvalue().splitlines()


def test_a_lesson_that_is_the_last_one_plus_what_it_says(growing: GrowingCourse) -> None:
    assert check(growing, 1, 2, 3) == ["3 lessons: starters and the cells of notebooks are what workbook build makes."]


def test_a_lesson_without_grows_inherits_nothing(growing: GrowingCourse) -> None:
    growing.edit("solutions/lesson_02/app/main.py", "OPEN = True", "OPEN = False")
    assert len(check(growing, 2)) == 1


@pytest.mark.parametrize(
    ("line", "old", "new"), [(3, "OPEN = True", "OPEN = False"), (4, "OPEN = True\n", "OPEN = True\nMORE = 1\n")]
)
def test_an_inherited_file_that_differs(growing: GrowingCourse, line: int, old: str, new: str) -> None:
    growing.edit("solutions/lesson_03/app/main.py", old, new)
    place = f"solutions/lesson_03/app/main.py:{line}"
    advice = f"make it the same, or list it under grows in {TOML}."
    assert check(growing, 3) == [f"{place}: lesson 2 left it otherwise: {advice}"]


def test_a_listed_file_that_does_not_differ(growing: GrowingCourse) -> None:
    growing.edit(TOML, 'grows = ["app/recipes.py"', 'grows = ["app/main.py", "app/recipes.py"')
    assert check(growing, 3) == [
        f"{TOML}: grows names app/main.py, which is as lesson 2 left it: take it off the list."
    ]


def test_new_gone_and_wrongly_listed_files(growing: GrowingCourse) -> None:
    growing.edit(TOML, '["app/recipes.py", "app/tables.py"]', '["app/recipes.py", "app/none.py"]')
    growing.edit(TOML, 'removes = ["app/store.py"]', 'removes = ["app/main.py", "app/never.py"]')
    assert check(growing, 3) == [
        f"{TOML}: grows names app/none.py, which the solution does not have.",
        f"{TOML}: removes names app/main.py, which the solution has.",
        f"{TOML}: removes names app/never.py, which lesson 2 does not have.",
        f"solutions/lesson_03/app/store.py: lesson 2 has this file: copy it, or list it under removes in {TOML}.",
        f"solutions/lesson_03/app/tables.py: it is new: list it under grows in {TOML}.",
    ]


def test_markers_and_line_ends_are_no_difference(growing: GrowingCourse) -> None:
    growing.write(
        "solutions/lesson_02/app/main.py",
        '"""The kitchen."""\n\n# region 2.1 Open\nOPEN = True\n# starter: OPEN = False\n# endregion\n',
    )
    inherited = growing.root / "solutions/lesson_03/app/main.py"
    inherited.write_bytes(inherited.read_bytes().replace(b"\n", b"\r\n"))
    assert len(check(growing, 2, 3)) == 1


def test_a_fault_in_the_last_solution_is_named_where_it_is(growing: GrowingCourse) -> None:
    growing.edit("solutions/lesson_02/app/recipes.py", "    # endregion\n", "")
    assert check(growing, 3) == [
        "solutions/lesson_02/app/recipes.py:11: region 2.1 is not closed: add an endregion line."
    ]


def test_grows_is_a_list(growing: GrowingCourse) -> None:
    growing.edit(TOML, 'removes = ["app/store.py"]', 'removes = "app/store.py"')
    with pytest.raises(CourseError, match="removes is a list of files"):
        read_lesson(growing.root / TOML)


def test_the_starters_record_says_what_it_was_made_from(growing: GrowingCourse) -> None:
    check(growing, 2, 3)
    assert "before" not in json.loads(growing.read("checks/lesson_02/starter.json"))
    solved = growing.read("solutions/lesson_02/app/recipes.py").splitlines(keepends=True)
    assert json.loads(growing.read("checks/lesson_03/starter.json"))["before"] == {
        "app/recipes.py": "".join(line for line in solved if "#" not in line),
        "app/store.py": "SHELF: list[str] = []\n",
        "app/tables.py": None,
    }


def test_learners_are_told_what_is_new_today(growing: GrowingCourse) -> None:
    course = growing.course
    text = exercise_text(course.exercise("3.1"), build_lesson(course, course.lesson(3)))
    assert text[0].startswith(
        "`lessons/lesson_03` begins with lesson 2, solved. 2 files are new or changed today: `app/recipes.py` and "
        "`app/tables.py`. All others are as lesson 2 left them."
    )
    assert exercise_text(course.exercise("2.1"), build_lesson(course, course.lesson(2)))[0].startswith("### Exercise")
