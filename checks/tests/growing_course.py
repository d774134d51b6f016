"""A course of three made-up lessons of which each grows out of the one before: for tests of how a course grows.

Lesson 1 is the beginning; lesson 2 starts afresh; lesson 3 inherits from lesson 2.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from typer.testing import CliRunner, Result

from workbook.cli.app import app
from workbook.course.model import Course, find_course

LESSON = """
name = "{name}"
title = "{title}"
minutes = 30
objectives = ["cook", "serve", "wash up"]
prerequisites = ["Python"]
{more}
[[exercises]]
title = "{task}"
points = 2
files = ["{file}"]
contract = "It is so."
hints = ["a", "b", "c"]
"""

RECIPES = '''\
"""Recipes."""


def count() -> int:
    """How many."""
    return 2


def first() -> str | None:
    """The first one."""
    # region 2.1 Answer the first
    return "soup"
    # starter: return None
    # endregion


def last() -> str:
    """The last one."""
    return "cake"
'''

RECIPES_GROWN = '''\
"""Recipes."""


def count() -> int:
    """How many."""
    return 2


def first() -> str | None:
    """The first one."""
    return "soup"


def last() -> str | None:
    """The last one."""
    # region 3.1 Answer the last
    return "cake with cream"
    # starter: return None
    # endregion
'''

SOLUTIONS = {
    "lesson_01/app/main.py": "# region 1.1 Begin\nONE = 1\n# starter: ONE = 0\n# endregion\n",
    "lesson_02/app/main.py": '"""The kitchen."""\n\nOPEN = True\n',
    "lesson_02/app/store.py": "SHELF: list[str] = []\n",
    "lesson_02/app/recipes.py": RECIPES,
    "lesson_03/app/main.py": '"""The kitchen."""\n\nOPEN = True\n',
    "lesson_03/app/recipes.py": RECIPES_GROWN,
    "lesson_03/app/tables.py": "TABLES = 12\n",
}

README = """\
| lesson | minutes |
| --- | --- |
| [1 Start](notebooks/01_start.ipynb) | 30 |
| [3 Rows](notebooks/03_rows.ipynb) | 30 |

After the map.
"""

PYPROJECT = """\
[tool.pyright]
executionEnvironments = [
    { root = "lessons/lesson_03" },
    { root = "solutions/lesson_03" },
    { root = "checks/lesson_03", extraPaths = ["checks", "solutions/lesson_03"] },
    { root = "checks" },
]
"""


class GrowingCourse:
    """The course on disk, and the command line on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("checks/conftest.py", "")
        self.write("README.md", README)
        self.write("pyproject.toml", PYPROJECT)
        self.lesson(1, "start", "Begin", "app/main.py")
        self.lesson(2, "recipes", "Answer the first", "app/recipes.py")
        more = 'grows = ["app/recipes.py", "app/tables.py"]\nremoves = ["app/store.py"]\n\n[env]\nCOLOUR = "red"\n'
        self.lesson(3, "rows", "Answer the last", "app/recipes.py", more)
        for name, text in SOLUTIONS.items():
            self.write(f"solutions/{name}", text)

    @property
    def course(self) -> Course:
        """The course as the tool reads it, anew each time."""
        return Course(self.root)

    def lesson(self, number: int, name: str, task: str, file: str, more: str = "") -> None:
        """Write a ``lesson.toml`` with one exercise."""
        text = LESSON.format(name=name, title=name.capitalize(), task=task, file=file, more=more)
        self.write(f"lessons/lesson_{number:02d}/lesson.toml", text)

    def write(self, name: str, text: str) -> Path:
        """Write a file, relative to the course."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8", newline="\n")
        return file

    def read(self, name: str) -> str:
        """Read a file, relative to the course."""
        return (self.root / name).read_text(encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that a file holds once."""
        text = self.read(name)
        assert text.count(old) == 1, (name, old)
        self.write(name, text.replace(old, new))

    def workbook(self, *arguments: str, answer: str | None = None) -> Result:
        """Run the command line; ``WORKBOOK_ROOT`` has to name this course."""
        find_course.cache_clear()
        return CliRunner().invoke(app, list(arguments), input=answer, catch_exceptions=False, prog_name="workbook")

    def commit(self) -> None:
        """Commit everything, in a repository of its own."""
        if not (self.root / ".git").exists():
            self._git("init", "--quiet")
            self.write(".gitignore", ".workbook/\n")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", "A state")

    def files(self, folder: str) -> Mapping[str, str]:
        """The text of every file below a folder, by its path relative to it."""
        place = self.root / folder
        found = [file for file in sorted(place.rglob("*")) if file.is_file()]
        return {file.relative_to(place).as_posix(): file.read_text(encoding="utf-8") for file in found}

    def backups(self) -> dict[str, str]:
        """What is kept in all backups, by the path within each."""
        kept = self.files(".workbook/backups")
        return {name.partition("/")[2]: text for name, text in kept.items()}

    def _git(self, *arguments: str) -> None:
        who = ("-c", "user.name=Author", "-c", "user.email=author@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(self.root), *who, *arguments], check=True, capture_output=True)
