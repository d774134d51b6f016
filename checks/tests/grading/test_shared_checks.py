"""What several lessons' checks share: imported at home and by the grader, and part of what a grade depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grading.small_class import MAX_POINTS, make_small_class
from tests.small_course import APP, SmallCourse, make_small_course
from workbook.course.model import find_course
from workbook.grading.run.cache_key import checks_digest
from workbook.grading.sandbox.available import try_sandbox

SANDBOX = try_sandbox(Path(__file__).resolve().parents[3])

MAKERS = '''
"""Makers."""

import pytest


@pytest.fixture
def make_dish(rng):
    """A dish that nobody else has."""
    return lambda: {"name": f"Dish {rng.randrange(1000)}", "price": 4.5}


def is_stored(reply, dish):
    """The answer to a dish that was stored."""
    assert reply.status_code == 201
    assert reply.json()["name"] == dish["name"]
'''

CHECKS = '''
"""1.2  Take new dishes."""

from shared.dishes import is_stored, make_dish

__all__ = ["make_dish"]


def test_post(client, make_dish):
    """POST /dishes answers 201 with the stored dish."""
    dish = make_dish()
    is_stored(client.post("/dishes", json=dish), dish)
'''


def share(course: SmallCourse) -> None:
    """Let the second exercise of a course be checked with what is shared."""
    folder = course.root / "checks" / "shared"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "dishes.py").write_text(MAKERS, encoding="utf-8")
    (course.root / "checks/lesson_01/test_2_dishes.py").write_text(CHECKS, encoding="utf-8")


def test_at_home(tmp_path: Path) -> None:
    course = make_small_course(tmp_path)
    share(course)
    solved = course.check()
    assert solved.code == 0, solved.out + solved.err
    course.edit("status_code=201", "status_code=202")
    wrong = course.check()
    assert "You answered  202" in wrong.out, "a failing assertion of what is shared is explained like any other"
    assert "Expected      201: POST /dishes" in wrong.out


@pytest.mark.parametrize(
    "sandbox",
    [
        False,
        pytest.param(True, marks=pytest.mark.skipif(not SANDBOX.complete, reason=f"no sandbox here: {SANDBOX.text}")),
    ],
)
def test_in_the_grader(tmp_path: Path, sandbox: bool) -> None:
    some = make_small_class(tmp_path / "course", sandbox=sandbox)
    share(some.course)
    some.hand_in("ada")
    some.hand_in("bob", APP.replace("status_code=201", "status_code=202"))
    book = some.grade(tmp_path / "out")
    assert {entry.learner.id: entry.points for entry in book.learners} == {"ada": MAX_POINTS, "bob": 1}


def test_a_change_of_what_is_shared_is_a_change_of_the_checks(tmp_path: Path) -> None:
    small = make_small_course(tmp_path)
    share(small)
    course = find_course(tmp_path)
    before = checks_digest(course, "lesson_01")
    (tmp_path / "checks/shared/dishes.py").write_text(MAKERS + "# changed\n", encoding="utf-8")
    checks_digest.cache_clear()
    assert checks_digest(course, "lesson_01") != before
