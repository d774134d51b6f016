"""The samples in CONTRIBUTING.md are a lesson: put into the skeleton of one, they are built and proven."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.growing_course import GrowingCourse
from workbook.authoring.new import MARK
from workbook.course.model import find_course

ROOT = Path(__file__).resolve().parents[3]

MAIN = '''\
"""The recipe service."""

from fastapi import FastAPI

from app.api import recipes

app = FastAPI()
app.include_router(recipes.router)
'''

RECIPES = '''\
"""Recipes."""

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=200)]

router = APIRouter(responses={400: {"description": "The body cannot be read."}})


class RecipeCreate(BaseModel):
    """What a client sends."""

    label: Text
    source: Text
    url: Text


class RecipeUpdate(BaseModel):
    """What a client changes."""

    label: Text | None = None
    source: Text | None = None
    url: Text | None = None


class RecipeOut(RecipeCreate):
    """What a client gets."""

    model_config = ConfigDict(from_attributes=True)

    id: int


_shelf: dict[int, RecipeOut] = {}


def find_recipe(recipe_id: int) -> RecipeOut:
    """The recipe with this number, or 404."""
    if recipe_id not in _shelf:
        raise HTTPException(404, "There is no such recipe.")
    return _shelf[recipe_id]


@router.post("/recipes", status_code=201)
def add_recipe(recipe: RecipeCreate) -> RecipeOut:
    """Store a recipe."""
    # region 3.1 Store it
    stored = RecipeOut(id=len(_shelf) + 1, **recipe.model_dump())
    _shelf[stored.id] = stored
    return stored
    # starter: raise NotImplementedError
    # endregion
'''


def samples(heading: str) -> list[str]:
    """The fenced blocks below a heading of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.search(rf"^### {re.escape(heading)}\n(.*?)(?=^##)", text, flags=re.MULTILINE | re.DOTALL)
    assert section is not None, heading
    found = re.findall(r"^(`{3,})\w+\n(.*?)^\1\n", section[1], flags=re.MULTILINE | re.DOTALL)
    assert found, heading
    return [block for _, block in found]


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GrowingCourse]:
    """A course whose last lesson is 3, with what the real one has around its lessons."""
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    for name in ("MIN_CHECKS", "MIN_WRONG", "MIN_RIGHT"):
        monkeypatch.setattr(f"workbook.authoring.lesson_rules.{name}", 1)
    monkeypatch.setattr("workbook.authoring.verify.MIN_CHECKS", 1)
    growing = GrowingCourse(tmp_path)
    for name in ("lessons", "solutions", "checks"):
        shutil.rmtree(tmp_path / name)
    growing.lesson(3, "rows", "Store a recipe", "app/api/recipes.py")
    growing.write("solutions/lesson_03/app/__init__.py", '"""The service."""\n')
    growing.write("solutions/lesson_03/app/api/__init__.py", '"""The routes."""\n')
    growing.write("solutions/lesson_03/app/main.py", MAIN)
    growing.write("solutions/lesson_03/app/api/recipes.py", RECIPES)
    growing.write("pyproject.toml", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (tmp_path / "checks").mkdir()
    shutil.copyfile(ROOT / "checks/conftest.py", tmp_path / "checks/conftest.py")
    shutil.copytree(ROOT / "checks/shared", tmp_path / "checks/shared", ignore=shutil.ignore_patterns("__pycache__"))
    yield growing
    find_course.cache_clear()


def test_the_samples_are_a_lesson(before: GrowingCourse) -> None:
    assert before.workbook("new", "4", "crud").exit_code == 0
    (lesson,), (region,) = samples("lesson.toml"), samples("Regions")
    checks, conftest = samples("Checks")
    (variants,), (cells,) = samples("Variants"), samples("Notebooks")
    before.write("lessons/lesson_04/lesson.toml", lesson)
    before.write(
        "solutions/lesson_04/app/api/recipes.py",
        before.read("solutions/lesson_04/app/api/recipes.py") + "\n\n" + region,
    )
    before.write("checks/lesson_04/test_1_crud.py", checks)
    before.write("checks/lesson_04/conftest.py", conftest)
    before.write("checks/lesson_04/variants.toml", variants)
    notebook = before.read("notebooks/src/04_crud.md")
    before.write(
        "notebooks/src/04_crud.md", notebook.replace("## Your turn", f"{cells}\n## Your turn").replace(MARK, "")
    )
    before.write("README.md", before.read("README.md").replace(MARK, "").replace("Crud", "CRUD"))

    built = before.workbook("build", "4")
    assert built.exit_code == 0, built.stdout
    assert "# Exercise 4.1: Change only what was sent\n    raise NotImplementedError\n" in before.read(
        "lessons/lesson_04/app/api/recipes.py"
    )
    proven = before.workbook("verify", "4")
    assert proven.stdout.endswith("lesson 4: 1 check, 1 wrong and 1 right variants, 0 faults\n"), proven.stdout
    assert proven.exit_code == 0
