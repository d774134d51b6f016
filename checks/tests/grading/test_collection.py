"""Checks that nobody could pass are refused before the first submission is graded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grading.small_class import SmallClass, make_small_class
from workbook.course.model import CourseError
from workbook.grading.run.collection import refuse_broken_checks

FINE = b'def test_fine(client):\n    """Fine."""\n'


def refusal(root: Path, hidden: dict[str, bytes] | None = None, **files: str) -> str:
    made = make_small_class(root, sandbox=False, hidden=hidden)
    for name, text in files.items():
        (root / "checks/lesson_01" / f"{name}.py").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        refuse(made)
    return str(caught.value)


def refuse(made: SmallClass) -> None:
    refuse_broken_checks(made.settings, [made.as_course.lesson(1)])


def test_whole_checks_are_accepted(tmp_path: Path) -> None:
    refuse(make_small_class(tmp_path, sandbox=False, hidden={"lesson_01/test_1_more.py": FINE}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nowhere\n", "ModuleNotFoundError: No module named 'nowhere'"),
        ("def broken(:\n", "SyntaxError"),
        ("1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_a_check_that_cannot_be_imported_is_named(tmp_path: Path, text: str, reason: str) -> None:
    said = refusal(tmp_path, test_2_dishes=text)
    assert said.startswith("The check lesson_01/test_2_dishes.py cannot be imported, so nobody could earn its points: ")
    assert reason in said
    assert len(said.splitlines()) == 1


def test_a_hidden_check_is_named_as_the_instructor_calls_it(tmp_path: Path) -> None:
    said = refusal(tmp_path, hidden={"lesson_01/test_2_more.py": b"import nowhere\n"})
    assert said.startswith("Your own check lesson_01/test_2_more.py cannot be imported")


def test_a_broken_conftest_is_told(tmp_path: Path) -> None:
    assert "nowhere" in refusal(tmp_path, conftest="import nowhere\n")


def test_an_exercise_without_a_check_is_named(tmp_path: Path) -> None:
    made = make_small_class(tmp_path, sandbox=False)
    (tmp_path / "checks/lesson_01/test_2_dishes.py").unlink()
    with pytest.raises(CourseError, match=r"^Exercise 1\.2 has no check"):
        refuse(made)


def test_nothing_is_graded_with_broken_checks(tmp_path: Path) -> None:
    made = make_small_class(tmp_path / "course", sandbox=False)
    made.hand_in("ada")
    (tmp_path / "course/checks/lesson_01/test_2_dishes.py").write_text("import nowhere\n", encoding="utf-8")
    with pytest.raises(CourseError, match="cannot be imported"):
        made.grade(tmp_path / "out")
