"""Variants: how they are read, and what becomes of the solution."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from workbook.authoring.errors import AuthoringError
from workbook.authoring.starter_files import target_folder
from workbook.authoring.starters import BuiltLesson, build_lesson
from workbook.authoring.variants import Variant, apply_variant, read_variants
from workbook.course.model import Course

LESSON = """
name = "greetings"
title = "Greetings"
minutes = 30
objectives = ["greet", "greet again", "leave"]
prerequisites = ["Python"]

[[exercises]]
title = "Say hello"
points = 1
files = ["app/main.py"]
contract = "hello() returns a greeting."
hints = ["a", "b", "c"]
"""

MAIN = '''
def hello() -> str | None:
    """Greet; greet again."""
    # region 1.1 Greet
    return "hello"
    # starter: return None
    # endregion
'''


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    write(tmp_path, "lessons/lesson_01/lesson.toml", LESSON)
    write(tmp_path, "solutions/lesson_01/app/main.py", MAIN)
    write(tmp_path, "solutions/lesson_01/app/bye.py", "BYE = 1\n")
    return Course(tmp_path)


@pytest.fixture
def built(course: Course) -> BuiltLesson:
    return build_lesson(course, course.lesson(1))


def read(course: Course, text: str) -> tuple[Variant, ...]:
    write(course.root, "checks/lesson_01/variants.toml", text)
    return read_variants(course, course.lesson(1))


def faults(course: Course, text: str) -> list[str]:
    with pytest.raises(AuthoringError) as error:
        read(course, text)
    prefix = "checks/lesson_01/variants.toml: "
    assert all(fault.startswith(prefix) for fault in error.value.faults)
    return [fault.removeprefix(prefix) for fault in error.value.faults]


def test_variants_are_the_solution_without_markers_and_with_edits(
    course: Course, built: BuiltLesson, tmp_path: Path
) -> None:
    wrong, right = read(
        course,
        """
        [[wrong]]
        name = "shouts"
        exercise = "1.1"
        says = "hello"
        [[wrong.edit]]
        file = "app/main.py"
        find = 'return "hello"'
        replace = 'return "HELLO"'

        [[right]]
        name = "other_split"
        [[right.edit]]
        file = "app/words.py"
        create = 'HELLO = "hello"'
        [[right.edit]]
        file = "app/bye.py"
        delete = true
        [[right.edit]]
        file = "app/main.py"
        find = '''    return "hello"
        '''
        replace = ""
        """,
    )
    assert (wrong.name, wrong.exercise, wrong.says, wrong.is_right) == ("shouts", "1.1", "hello", False)
    assert (right.name, right.exercise, right.says, right.is_right) == ("other_split", None, None, True)

    target = target_folder(tmp_path / "target", built, apply_variant(built, wrong))
    written = (target / "lesson_01" / "app" / "main.py").read_text(encoding="utf-8")
    assert written == 'def hello() -> str | None:\n    """Greet; greet again."""\n    return "HELLO"\n'
    assert (target / "lesson_01" / "app" / "bye.py").exists()

    files = apply_variant(built, right)
    assert sorted(files) == ["app/main.py", "app/words.py"]
    assert files["app/words.py"] == b'HELLO = "hello"'
    assert b"return" not in files["app/main.py"]


VARIANT = """
[[wrong]]
name = "shouts"
exercise = "1.1"
[[wrong.edit]]
"""


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        ('file = "app/main.py"\nfind = "howdy"\nreplace = ""', "app/main.py: the text to find is not in the solution."),
        (
            'file = "app/main.py"\nfind = "reet"\nreplace = ""',
            "app/main.py: the text to find is in the solution 2 times, not once. Has the solution moved? (reet)",
        ),
        (
            'file = "app/main.py"\nfind = "# region"\nreplace = ""',
            "app/main.py: the text to find is not in the solution.",
        ),
        ('file = "app/no.py"\nfind = "a"\nreplace = ""', "app/no.py: the solution has no such file. Has it moved?"),
        ('file = "app/no.py"\ndelete = true', "app/no.py: the solution has no such file. Has it moved?"),
        ('file = "app/bye.py"\ncreate = ""', "app/bye.py: the solution already has this file:"),
    ],
)
def test_an_edit_that_does_not_fit_says_that_the_solution_moved(
    course: Course, built: BuiltLesson, edit: str, fault: str
) -> None:
    [variant] = read(course, VARIANT + edit)
    with pytest.raises(AuthoringError) as error:
        apply_variant(built, variant)
    assert error.value.faults[0].startswith(f"variant shouts: {fault}")


EDIT = "\nfile = 'app/main.py'\nfind = 'a'\nreplace = 'b'\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[wrong]]\nname = 'x'\n[[wrong.edit]]" + EDIT, "wrong variant x: it has no exercise."),
        ("[[right]]\nname = 'x'\nsays = 'y'\n[[right.edit]]" + EDIT, "right variant x: 'says' is no field of it."),
        ("[[right]]\nname = 'X y'\n[[right.edit]]" + EDIT, "right variant X y: a name is written in small letters,"),
        ("[[right]]\nname = 3\n[[right.edit]]" + EDIT, "right variant 1: name is a text."),
        ("[[right]]\nname = 'x'\nedit = []", "right variant x: it has no edit."),
        (VARIANT.replace("1.1", "1.9") + EDIT, "wrong variant shouts: lesson.toml has no exercise '1.9'; it has 1.1."),
        (
            VARIANT.replace('"1.1"', '"1.1"\nalso = ["1.1"]') + EDIT,
            "wrong variant shouts: also lists exercises before 1.1, in their order.",
        ),
        (VARIANT + EDIT + "why = 1", "wrong variant shouts: edit 1: it has file, and either find and replace,"),
        (VARIANT + "file = '../x.py'\ndelete = true", "wrong variant shouts: edit 1: file is a path relative to"),
        (VARIANT + "file = 'app/x.py'\ndelete = false", "wrong variant shouts: edit 1: delete is true, or left out."),
        (VARIANT + "file = 'app/x.py'\nfind = ''\nreplace = ''", "wrong variant shouts: edit 1: find is a text that"),
        (VARIANT + "file = 'app/x.py'\ncreate = 1", "wrong variant shouts: edit 1: create is a text."),
        (VARIANT + EDIT + VARIANT + EDIT, "two variants are called shouts."),
        ("[[bad]]\nname = 'x'", "'bad' is not wrong, right or survivor."),
        ("[[wrong]\n", "it cannot be read: "),
        ("wrong = 3", "wrong variant 1: it has no edit."),
    ],
)
def test_what_is_no_variant_is_refused(course: Course, text: str, fault: str) -> None:
    assert faults(course, text)[0].startswith(fault)


def test_a_missing_file_is_named(course: Course) -> None:
    with pytest.raises(AuthoringError, match=r"checks/lesson_01/variants\.toml: it is missing"):
        read_variants(course, course.lesson(1))
