"""``workbook build``: starters, their record, notebooks, and the care for what a learner wrote."""

from __future__ import annotations

import io
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workbook.authoring.build import build
from workbook.course.model import Course
from workbook.course.starter import Block, load_starter, untouched

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

[[exercises]]
title = "Say goodbye"
points = 2
files = ["app/bye.py", "app/main.py"]
contract = '''
bye() returns a farewell:

- friendly
- short
'''
hints = ["a", "b", "c"]
stretch = true
"""

MAIN = """
def hello() -> str | None:
    # region 1.1 Greet
    return "hello"
    # starter: return None
    # endregion
"""

BYE = """
# region 1.2 file
def bye() -> str:
    return "bye"
"""

NOTEBOOK = """
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

# Greetings

{{ exercise 1.1 }}

```{code-cell} ipython3
print("one")
print("two")
```

```{code-cell} ipython3
:tags: [no-output]

print("the answer")
```

```{code-cell} ipython3
words = ["a"]
```

{{ exercise 1.2 }}

```{code-cell} ipython3
words
```
"""

STARTER = """
def hello() -> str | None:
    # Exercise 1.1: Greet
    return None
"""


class Place:
    """A course in a temporary folder, and what a build printed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said = ""
        self.write("checks/conftest.py", "")
        self.write("lessons/lesson_01/lesson.toml", LESSON)
        self.write("solutions/lesson_01/app/__init__.py", "")
        self.write("solutions/lesson_01/app/main.py", MAIN)
        self.write("solutions/lesson_01/app/bye.py", BYE)
        (self.root / "notebooks").mkdir()

    @property
    def course(self) -> Course:
        return Course(self.root)

    @property
    def lesson_folder(self) -> Path:
        return self.root / "lessons" / "lesson_01"

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def build(self, *, check: bool = False, notebooks: bool = False) -> int:
        stream = io.StringIO()
        code = build(self.course, check=check, notebooks=notebooks, console=Console(file=stream, width=60))
        self.said = stream.getvalue()
        return code

    def files(self) -> list[str]:
        return sorted(
            file.relative_to(self.lesson_folder).as_posix() for file in self.lesson_folder.rglob("*") if file.is_file()
        )

    def backups(self) -> dict[str, str]:
        folder = self.root / ".workbook" / "backups"
        found = [file for file in folder.rglob("*") if file.is_file()]
        return {"/".join(file.relative_to(folder).parts[1:]): file.read_text(encoding="utf-8") for file in found}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# Starters


def test_the_starter_is_written_and_recorded(place: Place) -> None:
    assert place.build() == 0

    assert place.files() == ["app/__init__.py", "app/main.py", "lesson.toml"]
    assert place.read("lessons/lesson_01/app/main.py") == STARTER.lstrip("\n")
    record = place.read("checks/lesson_01/starter.json")
    assert record.endswith("}\n")
    assert json.loads(record) == {
        "files": {"app/__init__.py": "", "app/main.py": STARTER.lstrip("\n")},
        "exercises": {
            "1.1": [{"file": "app/main.py", "text": "    # Exercise 1.1: Greet\n    return None", "after": None}]
        },
        "creates": {"1.2": ["app/bye.py"]},
        "lesson": LESSON.lstrip("\n"),
    }
    assert place.read("lessons/lesson_01/lesson.toml") == LESSON.lstrip("\n")


def test_a_starter_may_stand_beside_its_file(place: Place) -> None:
    place.build()
    record = place.read("checks/lesson_01/starter.json")
    place.write(
        "solutions/lesson_01/app/main.py",
        """
        def hello() -> str | None:
            # region 1.1
            return "hello"
            # endregion
        """,
    )
    place.write(
        "solutions/lesson_01/app/main.py.starter",
        """
        def hello() -> str | None:
        # region 1.1 Greet
            return None
        # endregion
        """,
    )

    assert place.build() == 0
    assert place.files() == ["app/__init__.py", "app/main.py", "lesson.toml"]
    assert place.read("lessons/lesson_01/app/main.py") == STARTER.lstrip("\n").replace("    # Exer", "# Exer")
    assert place.read("checks/lesson_01/starter.json") == record.replace("    # Exer", "# Exer")


def test_building_again_changes_nothing_and_check_agrees(place: Place) -> None:
    place.build()
    before = {name: place.read(f"lessons/lesson_01/{name}") for name in place.files()}
    assert place.build(check=True) == 0
    assert place.said == "1 lesson: starters and the cells of notebooks are what workbook build makes.\n"
    assert place.build() == 0
    assert "unchanged" in place.said
    assert before == {name: place.read(f"lessons/lesson_01/{name}") for name in place.files()}
    assert place.backups() == {}


def test_check_shows_what_differs_and_writes_nothing(place: Place) -> None:
    place.build()
    place.write("solutions/lesson_01/app/main.py", MAIN.replace("return None", "return 'hm'"))

    assert place.build(check=True) == 1

    assert "lessons/lesson_01/app/main.py is not what workbook build makes:" in place.said
    assert "    -    return None\n    +    return 'hm'\n" in place.said
    assert "checks/lesson_01/starter.json is not what workbook build makes:" in place.said
    assert "Run workbook build" in place.said
    assert place.read("lessons/lesson_01/app/main.py") == STARTER.lstrip("\n")


def test_check_finds_a_missing_and_a_stray_file(place: Place) -> None:
    place.build()
    (place.lesson_folder / "app" / "main.py").unlink()
    place.write("lessons/lesson_01/app/stray.py", "x = 1\n")
    assert place.build(check=True) == 1
    assert "app/main.py is not what workbook build makes:\n    it is missing." in place.said
    assert "app/stray.py is not what workbook build makes:\n    no solution makes this file" in place.said


def test_a_file_that_left_the_solution_is_removed_without_a_backup(place: Place) -> None:
    place.write("solutions/lesson_01/app/old/thing.py", "x = 1\n")
    place.build()
    assert "app/old/thing.py" in place.files()
    (place.root / "solutions/lesson_01/app/old/thing.py").unlink()
    assert place.build() == 0
    assert not (place.lesson_folder / "app" / "old").exists()
    assert place.backups() == {}


def test_a_learners_work_is_kept_before_it_is_replaced(place: Place) -> None:
    place.build()
    place.write("lessons/lesson_01/app/main.py", "# mine\n")
    place.write("lessons/lesson_01/app/bye.py", "# mine too\n")
    assert place.build() == 0
    assert place.read("lessons/lesson_01/app/main.py") == STARTER.lstrip("\n")
    assert place.files() == ["app/__init__.py", "app/main.py", "lesson.toml"]
    assert place.backups() == {"lesson_01/app/main.py": "# mine\n", "lesson_01/app/bye.py": "# mine too\n"}
    assert "copies are in .workbook/backups/" in place.said


def test_an_unedited_starter_is_renewed_without_a_backup(place: Place) -> None:
    place.build()
    place.write("solutions/lesson_01/app/main.py", MAIN.replace("return None", "return 'hm'"))
    assert place.build() == 0
    assert "return 'hm'" in place.read("lessons/lesson_01/app/main.py")
    assert place.backups() == {}


def test_two_builds_within_a_second_keep_two_backups(place: Place) -> None:
    for text in ("# one\n", "# two\n"):
        place.write("lessons/lesson_01/app/main.py", text)
        place.build()
    kept = [file.read_text(encoding="utf-8") for file in (place.root / ".workbook/backups").rglob("main.py")]
    assert sorted(kept) == ["# one\n", "# two\n"]


def test_what_runs_leave_behind_and_hidden_files_stay_out(place: Place) -> None:
    place.write("solutions/lesson_01/app/__pycache__/main.cpython-311.pyc", "x")
    place.write("solutions/lesson_01/.env", "SECRET=1\n")
    place.write("solutions/lesson_01/recipes.db", "x")
    place.build()
    mine = place.write("lessons/lesson_01/recipes.db", "x")
    assert place.build(check=True) == 0
    assert place.build() == 0
    assert mine.exists()
    assert place.files() == ["app/__init__.py", "app/main.py", "lesson.toml", "recipes.db"]


def test_a_binary_file_is_copied_as_it_is(place: Place) -> None:
    picture = b"\x89PNG\r\n\x1a\n\0\xff# region 1.1"
    (place.root / "solutions/lesson_01/app/dot.png").write_bytes(picture)
    assert place.build() == 0
    assert (place.lesson_folder / "app/dot.png").read_bytes() == picture
    assert "app/dot.png" not in load_starter(place.course, place.course.lesson(1)).files


def test_windows_line_ends_in_a_checkout_are_no_difference(place: Place) -> None:
    place.build()
    file = place.lesson_folder / "app/main.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert place.build(check=True) == 0
    assert untouched(load_starter(place.course, place.course.lesson(1)), "1.1", place.lesson_folder)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("app/main.py", "# region 1.1 One\n", "solutions/lesson_01/app/main.py:1: region 1.1 is not closed"),
        ("app/main.py", "x = 1\n", "solutions/lesson_01: exercise 1.1 of lesson.toml has no region."),
        (
            "app/main.py",
            "def f() -> int:\n    # region 1.1\n    return 1\n    # endregion\n\n\nx = 1\n",
            "lessons/lesson_01/app/main.py:4: the starter would not be valid Python (",
        ),
        ("lesson.toml", "", "solutions/lesson_01/lesson.toml: lesson.toml belongs to lessons/lesson_01"),
        (
            "app/main.py.starter",
            "# region 1.1\n",
            "solutions/lesson_01/app/main.py.starter:1: region 1.1 is not closed",
        ),
    ],
)
def test_a_fault_of_the_solution_is_named_and_nothing_is_written(
    place: Place, name: str, text: str, fault: str
) -> None:
    place.write(f"solutions/lesson_01/{name}", text)
    assert place.build() == 1
    assert fault in place.said
    assert place.files() == ["lesson.toml"]
    assert place.build(check=True) == 1
    assert fault in place.said


def test_a_lesson_without_a_solution_is_named(place: Place) -> None:
    place.write("lessons/lesson_02/lesson.toml", LESSON)
    assert place.build() == 1
    assert place.said.splitlines() == [
        "lesson 1: starter 2 files, 2 changed: app/__init__.py, app/main.py",
        "solutions/lesson_02: there is no solution to build lesson 2 from.",
    ]


# What counts as untouched


def test_an_exercise_is_untouched_until_its_lines_change_or_its_file_exists(place: Place) -> None:
    place.build()
    starter = load_starter(place.course, place.course.lesson(1))
    assert starter.blocks("1.1") == [Block("app/main.py", "    # Exercise 1.1: Greet\n    return None", None)]
    assert starter.creates("1.2") == ["app/bye.py"]
    assert untouched(starter, "1.1", place.lesson_folder)
    assert untouched(starter, "1.2", place.lesson_folder)
    assert not untouched(starter, "1.3", place.lesson_folder)

    place.write("lessons/lesson_01/app/bye.py", "")
    assert not untouched(starter, "1.2", place.lesson_folder)
    place.write("lessons/lesson_01/app/main.py", STARTER.replace("None\n", "'hello'\n"))
    assert not untouched(starter, "1.1", place.lesson_folder)
    (place.lesson_folder / "app/main.py").unlink()
    assert not untouched(starter, "1.1", place.lesson_folder)


# Notebooks


def cells(place: Place) -> list[dict[str, Any]]:
    return json.loads(place.read("notebooks/01_greetings.ipynb"))["cells"]


def test_a_notebook_is_run_tidied_and_stored(place: Place) -> None:
    place.write("notebooks/src/01_greetings.md", NOTEBOOK)

    assert place.build(notebooks=True) == 0, place.said

    stored = json.loads(place.read("notebooks/01_greetings.ipynb"))
    assert stored["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    text, first, answer, silent, more, last, place_at_the_end = stored["cells"]
    assert [cell["id"] for cell in stored["cells"]] == [f"lesson-01-{number:03d}" for number in range(1, 8)]
    assert "".join(text["source"]) == (
        "# Greetings\n\nLesson 1 of 1 · about 30 minutes · [contents](../README.md#the-lessons)\n\n"
        "### Exercise 1.1 · Say hello (1 point)\n\nhello() returns a greeting.\n\n"
        "In `lessons/lesson_01` you edit [`app/main.py`](../lessons/lesson_01/app/main.py)."
    )
    assert "".join(more["source"]) == (
        "### Exercise 1.2 · Say goodbye (2 points, stretch)\n\nbye() returns a farewell:\n\n- friendly\n- short\n\n"
        "In `lessons/lesson_01` you edit [`app/main.py`](../lessons/lesson_01/app/main.py) and make `app/bye.py`."
    )
    assert (
        "".join(place_at_the_end["source"]) == "Lesson 1 of 1 · about 30 minutes · [contents](../README.md#the-lessons)"
    )
    assert first["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["one\n", "two\n"]}]
    assert first["metadata"] == {}
    assert answer["outputs"] == []
    assert answer["metadata"] == {"tags": ["no-output", "nbval-ignore-output"]}
    assert silent["outputs"] == []
    assert last["outputs"][0]["data"] == {"text/plain": ["['a']"]}
    assert [cell["execution_count"] for cell in (first, answer, silent, last)] == [1, None, 3, 4]

    before = place.read("notebooks/01_greetings.ipynb")
    assert place.build(check=True, notebooks=True) == 0, place.said
    assert place.build(notebooks=True) == 0
    assert place.read("notebooks/01_greetings.ipynb") == before

    edited = json.loads(before)
    edited["cells"][1]["outputs"] = []
    place.write("notebooks/01_greetings.ipynb", json.dumps(edited))
    assert place.build(check=True, notebooks=True) == 1
    assert "notebooks/01_greetings.ipynb is not what workbook build makes:" in place.said
    assert "+  → one" in place.said

    assert place.build(notebooks=True) == 0
    assert place.read("notebooks/01_greetings.ipynb") == before
    assert list(place.backups()) == ["notebooks/01_greetings.ipynb"]

    # Without running anything, a cell that is not that of the source is noticed all the same.
    assert place.build(check=True) == 0, place.said
    place.write("notebooks/src/01_greetings.md", NOTEBOOK.replace("# Greetings", "# Farewells"))
    assert place.build(check=True) == 1
    assert "+# Farewells" in place.said


def with_cell(code: str, tags: str = "") -> str:
    tag_line = f":tags: [{tags}]\n\n" if tags else ""
    return NOTEBOOK.rstrip() + f"\n\n```{{code-cell}} ipython3\n{tag_line}{code}\n```\n"


def test_a_cell_that_fails_is_named_with_its_line(place: Place) -> None:
    place.write("notebooks/src/01_greetings.md", with_cell("x = 1\nraise ValueError('no such thing')"))
    assert place.build(notebooks=True) == 1
    assert "notebooks/src/01_greetings.md:36: ValueError: no such thing" in place.said
    assert not (place.root / "notebooks/01_greetings.ipynb").exists()


def test_outputs_that_would_change_are_refused_unless_tagged(place: Place) -> None:
    changing = (
        "import datetime, os, sys\n"
        "print(object())\nprint('http://127.0.0.1:43211/')\nprint(os.getcwd())\n"
        "print(datetime.datetime.now(datetime.timezone.utc).date())\n"
        "print('2001-01-31', '0x1F', 'localhost:8000', '/recipes/1')"
    )
    place.write("notebooks/src/01_greetings.md", with_cell(changing))
    assert place.build(notebooks=True) == 1
    for cause in ("the address of an object (0x", "a port (127.0.0.1:43211)", "an absolute path (", "today's date ("):
        assert f"notebooks/src/01_greetings.md:36: the output holds {cause}" in place.said
    assert len(place.said.splitlines()) == 5

    place.write("notebooks/src/01_greetings.md", with_cell(changing, "nbval-ignore-output"))
    assert place.build(notebooks=True) == 0, place.said
    before = place.read("notebooks/01_greetings.ipynb")
    assert "43211" in before
    (place.root / ".workbook/notebooks.json").unlink()
    assert place.build(notebooks=True) == 0
    assert place.read("notebooks/01_greetings.ipynb") == before, "outputs that may differ are no reason to write"


def test_a_cell_may_raise_on_purpose_and_keeps_only_the_exception(place: Place) -> None:
    place.write("notebooks/src/01_greetings.md", with_cell("1 / 0", "raises-exception"))
    assert place.build(notebooks=True) == 0, place.said
    [output] = cells(place)[-2]["outputs"]
    assert output["traceback"] == ["ZeroDivisionError: division by zero"]


def test_the_kernel_is_told_which_target_to_use(place: Place) -> None:
    place.write(
        "notebooks/src/01_greetings.md",
        with_cell("import os; print(os.environ['WORKBOOK_TARGET'], os.path.basename(os.getcwd()))")
        + with_cell("%check 1.1").removeprefix(NOTEBOOK.rstrip()),
    )
    assert place.build(notebooks=True) == 0, place.said
    *_, told, check, _ = cells(place)
    assert told["outputs"][0]["text"] == ["solutions notebooks\n"]
    assert check["metadata"]["tags"] == ["check", "nbval-ignore-output"], "not run: the magic was never loaded"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (
            NOTEBOOK.replace("exercise 1.2", "exercise 1.7"),
            "01_greetings.md:30: lesson.toml has no exercise '1.7'; it has 1.1, 1.2.",
        ),
        (
            NOTEBOOK.replace("{{ exercise 1.2 }}", ""),
            "01_greetings.md: exercise 1.2 is missing: add a line {{ exercise 1.2 }}.",
        ),
        (
            NOTEBOOK.replace("exercise 1.2", "exercise 1.1"),
            "01_greetings.md:30: exercise 1.1 stands here a second time.",
        ),
    ],
)
def test_an_exercise_line_is_checked(place: Place, source: str, fault: str) -> None:
    place.write("notebooks/src/01_greetings.md", source)
    assert place.build(notebooks=True) == 1
    assert f"notebooks/src/{fault}" in place.said


def test_a_lesson_without_a_notebook_source_is_named(place: Place) -> None:
    assert place.build(notebooks=True) == 1
    assert "notebooks/src/01_greetings.md: lesson 1 has no notebook source yet." in place.said
