"""A course of one small lesson, for tests of the tool: quick, and independent of what the real lessons say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from workbook.authoring.fork_server import WarmPytest

APP = """\
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()


class Dish(BaseModel):
    name: str
    price: float


dishes: dict[int, Dish] = {}


@app.get("/dishes/{dish_id}")
def read_dish(dish_id: int) -> Dish:
    if dish_id not in dishes:
        raise HTTPException(404, "no such dish")
    return dishes[dish_id]


@app.post("/dishes", status_code=201)
def add_dish(dish: Dish) -> dict[str, object]:
    number = len(dishes) + 1
    dishes[number] = dish
    return {"id": number, "name": dish.name, "price": dish.price}


@app.get("/today")
async def today() -> dict[str, str]:
    return {"dish": "soup"}
"""

_LESSON = """\
name = "kitchen"
title = "Kitchen"
minutes = 5
objectives = ["serve a dish"]
prerequisites = []

[[exercises]]
title = "Serve the dish of the day"
points = 1
files = ["app/main.py"]
contract = "GET /today answers the dish of the day."
hints = ["a", "b", "c"]

[[exercises]]
title = "Take new dishes"
points = 3
files = ["app/main.py"]
contract = "POST /dishes stores a dish, GET /dishes/{id} returns it."
hints = ["a", "b", "c"]
"""

_CHECKS = {
    "test_1_today.py": '''\
        """1.1  Serve the dish of the day."""


        def test_today(client):
            """GET /today returns the dish of the day."""
            reply = client.get("/today")
            assert reply.status_code == 200
            assert reply.json() == {"dish": "soup"}
    ''',
    "test_2_dishes.py": '''\
        """1.2  Take new dishes."""


        def test_post(client, rng):
            """POST /dishes answers 201 with the stored dish and its id."""
            dish = {"name": f"Dish {rng.randrange(1000)}", "price": 4.5}
            reply = client.post("/dishes", json=dish)
            assert reply.status_code == 201
            assert reply.json() == {"id": reply.json()["id"], **dish}


        def test_read(client, rng):
            """GET /dishes/{id} returns the stored dish."""
            dish = {"name": f"Dish {rng.randrange(1000)}", "price": 4.5}
            number = client.post("/dishes", json=dish).json()["id"]
            reply = client.get(f"/dishes/{number}")
            assert reply.status_code == 200
            assert reply.json()["name"] == dish["name"]


        def test_unknown(client):
            """GET /dishes/{id} answers 404 for an unknown dish."""
            assert client.get("/dishes/999999").status_code == 404
    ''',
}

_PYPROJECT = """\
[tool.pytest]
addopts = ["--disable-plugin-autoload", "--import-mode=importlib"]
testpaths = ["checks"]
filterwarnings = ["error"]
"""


@dataclass(frozen=True)
class SmallCourse:
    """The course on disk."""

    root: Path

    @property
    def app(self) -> Path:
        """The learner's one file."""
        return self.root / "lessons/lesson_01/app/main.py"

    def write(self, name: str, text: str) -> None:
        """Write a file of the learner's, relative to the lesson folder."""
        file = self.root / "lessons/lesson_01" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")

    def edit(self, old: str, new: str) -> None:
        """Change the learner's app; the old text must be there once."""
        text = self.app.read_text(encoding="utf-8")
        assert text.count(old) == 1, old
        self.app.write_text(text.replace(old, new), encoding="utf-8")

    def check(self, *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> Outcome:
        """Run ``pytest checks/lesson_01``, or pytest with other arguments, as a learner would."""
        command = [sys.executable, "-m", "pytest", *(arguments or ("checks/lesson_01",))]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "WORKBOOK_"))}
        done = subprocess.run(
            command,
            cwd=cwd or self.root,
            env=clean | {"PYTHONIOENCODING": "utf-8"} | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)


class WarmRuns:
    """Runs pytest on small courses without importing everything anew each time, where the system can fork."""

    def __init__(self, scratch: Path, **env: str) -> None:
        self._scratch = scratch
        self._env = env
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "WORKBOOK_"))}
        forks = sys.platform == "linux"
        self._warm = WarmPytest(scratch, clean | {"PYTHONIOENCODING": "utf-8"} | env) if forks else None

    def check(self, course: SmallCourse, *arguments: str) -> Outcome:
        """Run ``pytest checks/lesson_01`` of a course with these arguments added."""
        if self._warm is None:
            return course.check("checks/lesson_01", *arguments, env=self._env)
        output = self._scratch / "output.txt"
        code = self._warm.run([str(course.root / "checks/lesson_01"), *arguments], output, 120)
        assert code is not None, "the run did not end"
        return Outcome(code, output.read_text(encoding="utf-8"), "")

    def close(self) -> None:
        """End the warm process."""
        if self._warm is not None:
            self._warm.close()


@dataclass(frozen=True)
class Outcome:
    """How a run ended and what it printed."""

    code: int
    out: str
    err: str


def make_small_course(root: Path) -> SmallCourse:
    """Write the course below ``root``; its lesson is solved."""
    course = SmallCourse(root)
    course.write("app/__init__.py", "")
    course.write("app/main.py", APP)
    course.write("lesson.toml", _LESSON)
    checks = root / "checks/lesson_01"
    checks.mkdir(parents=True)
    for name, text in _CHECKS.items():
        (checks / name).write_text(dedent(text), encoding="utf-8")
    (checks / "starter.json").write_text('{"files": {}, "exercises": {}, "creates": {}}\n', encoding="utf-8")
    shutil.copyfile(Path(__file__).parents[1] / "conftest.py", root / "checks/conftest.py")
    (root / "pyproject.toml").write_text(_PYPROJECT, encoding="utf-8")
    return course
