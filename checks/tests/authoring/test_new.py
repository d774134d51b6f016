"""``workbook new``: the skeleton of a lesson, and every line that is left to write."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.growing_course import GrowingCourse
from workbook.authoring.new import MARK


def test_the_skeleton(growing: GrowingCourse) -> None:
    result = growing.workbook("new", "4", "crud")
    assert result.exit_code == 0, result.output
    solution = growing.files("solutions/lesson_04")
    assert solution.keys() == {"app/main.py", "app/recipes.py", "app/tables.py"}
    assert solution["app/main.py"] == growing.read("solutions/lesson_03/app/main.py")
    assert "region" not in solution["app/recipes.py"]
    assert 'return "cake with cream"' in solution["app/recipes.py"]
    data = tomllib.loads(growing.read("lessons/lesson_04/lesson.toml"))
    assert (data["name"], data["title"], data["grows"]) == ("crud", "Crud", [])
    assert data["env"] == {"COLOUR": "red"}, "the settings are the last lesson's"
    assert growing.course.lesson(4).prerequisites == ("Lesson 3",)
    assert growing.files("checks/lesson_04").keys() == {"test_1_crud.py", "variants.toml"}
    environments = tomllib.loads(growing.read("pyproject.toml"))["tool"]["pyright"]["executionEnvironments"]
    assert [entry["root"] for entry in environments] == [
        *("lessons/lesson_03", "lessons/lesson_04", "solutions/lesson_03", "solutions/lesson_04"),
        *("checks/lesson_03", "checks/lesson_04", "checks"),
    ]
    assert environments[5]["extraPaths"] == ["checks", "solutions/lesson_04"]
    readme = growing.read("README.md").splitlines()
    assert readme[3:5] == [
        "| [3 Rows](notebooks/03_rows.ipynb) | 30 |",
        f"| [4 Crud](notebooks/04_crud.ipynb) | 60 | {MARK} it hurts when … | {MARK} you can … |",
    ]


def test_every_line_that_is_left_is_named_with_its_place(growing: GrowingCourse) -> None:
    said = growing.workbook("new", "4", "crud").stdout.splitlines()
    left = said[said.index("Left to write:") + 1 : -1]
    places = [
        match.groups() for line in left if (match := re.fullmatch(r"  (\S+):(\d+): still to be written: .+", line))
    ]
    assert left[-1] == "  solutions/lesson_04: exercise 4.1 of lesson.toml has no region."
    assert len(places) == len(left) - 1
    for file, number in places:
        assert MARK in growing.read(file).splitlines()[int(number) - 1]
    found = sum(
        line.count(MARK) > 0 for file in {file for file, _ in places} for line in growing.read(file).splitlines()
    )
    assert found == len(places), "no line is left out"


@pytest.mark.parametrize("command", ["build", "verify"])
def test_build_and_verify_name_what_is_left(growing: GrowingCourse, command: str) -> None:
    growing.workbook("new", "4", "crud")
    for begun in (False, True):
        if begun:
            growing.write("solutions/lesson_04/app/new.py", "# region 4.1 file\nNEW = 1\n")
        result = growing.workbook(command, "4", "--no-notebooks")
        assert result.exit_code == 1
        assert "lessons/lesson_04/lesson.toml:5: still to be written: what the learner can do" in result.stdout
        assert ("exercise 4.1 of lesson.toml has no region" in result.stdout) is not begun
        assert ("app/new.py: it is new: list it under grows" in result.stdout) is begun


def test_a_line_that_is_written_is_no_longer_named(growing: GrowingCourse) -> None:
    growing.workbook("new", "4", "crud")
    growing.edit("lessons/lesson_04/lesson.toml", f"{MARK} a second thing", "serve")
    result = growing.workbook("build", "4", "--no-notebooks")
    assert "lesson.toml:5: still" in result.stdout
    assert "lesson.toml:6: still" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("5", "crud"), "The next lesson is 4: workbook new 4 crud."),
        (("3", "crud"), "The next lesson is 4: workbook new 4 crud."),
        (("four", "crud"), "A lesson is written as a number, like 4; 'four' is not."),
        (("4", "C.R.U.D."), "A lesson's name has small letters"),
        (("4", "../crud"), "A lesson's name has small letters"),
    ],
)
def test_what_cannot_be_begun(growing: GrowingCourse, arguments: tuple[str, str], said: str) -> None:
    before = growing.files(".")
    result = growing.workbook("new", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(said)
    assert growing.files(".") == before


def test_nothing_is_overwritten(growing: GrowingCourse) -> None:
    mine = growing.write("checks/lesson_04/variants.toml", "# mine\n")
    result = growing.workbook("new", "4", "crud")
    assert (result.exit_code, result.stderr) == (
        2,
        "checks/lesson_04/variants.toml is there already: a new lesson overwrites nothing.\n",
    )
    assert mine.read_text(encoding="utf-8") == "# mine\n"
    assert not (growing.root / "lessons/lesson_04").exists()


def test_a_course_without_a_map_is_told_what_to_add(growing: GrowingCourse) -> None:
    growing.write("README.md", "No map.\n")
    growing.write("pyproject.toml", "")
    said = growing.workbook("new", "4", "crud").stdout
    assert "  pyproject.toml: add lesson_04 to tool.pyright.executionEnvironments.\n" in said
    assert "  README.md: add to the map: | [4 Crud](notebooks/04_crud.ipynb)" in said


@pytest.mark.parametrize("command", ["build", "verify"])
def test_a_lesson_that_is_not_begun(growing: GrowingCourse, command: str) -> None:
    result = growing.workbook(command, "4")
    assert (result.exit_code, result.stderr) == (
        2,
        "lessons/lesson_04/lesson.toml is missing: workbook new 4 NAME makes the skeleton of a lesson.\n",
    )
