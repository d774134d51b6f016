"""``workbook forward``: a change of one solution reaches all that grow out of it, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.growing_course import RECIPES_GROWN, GrowingCourse

TWO, THREE, FOUR = (f"solutions/lesson_0{number}/app" for number in (2, 3, 4))


@pytest.fixture
def four(growing: GrowingCourse) -> GrowingCourse:
    """A course of four lessons, committed; lesson 4 has changed what comes first."""
    growing.lesson(4, "more", "Answer more", "app/recipes.py", 'grows = ["app/recipes.py"]\n')
    grown = growing.read(f"{THREE}/recipes.py")
    for name, text in growing.files("solutions/lesson_03").items():
        growing.write(f"solutions/lesson_04/{name}", text)
    marked = "    # region 3.1 Answer the last\n", "    # starter: return None\n    # endregion\n"
    plain = grown.replace(marked[0], "").replace(marked[1], "")
    changed = "    # region 4.1 Answer more\n    return 3\n    # starter: return 0\n    # endregion\n"
    growing.write(f"{FOUR}/recipes.py", plain.replace("    return 2\n", changed))
    growing.commit()
    return growing


def test_a_change_reaches_every_later_lesson(four: GrowingCourse) -> None:
    four.edit(f"{TWO}/recipes.py", '"soup"', '"lentil soup"')  # grown later on
    four.edit(f"{TWO}/main.py", "True", "1 > 0")  # inherited
    four.write(f"{TWO}/menu.py", "MENU = 1\n")  # new
    result = four.workbook("forward", "2")
    assert result.exit_code == 0, result.output
    grown = RECIPES_GROWN.replace('"soup"', '"lentil soup"')
    assert four.read(f"{THREE}/recipes.py") == grown, "the next lesson's markers and changes stay"
    assert 'return "lentil soup"' in four.read(f"{FOUR}/recipes.py")
    assert "# region 4.1 Answer more\n    return 3\n" in four.read(f"{FOUR}/recipes.py")
    for folder in (THREE, FOUR):
        assert "OPEN = 1 > 0" in four.read(f"{folder}/main.py")
        assert four.read(f"{folder}/menu.py") == "MENU = 1\n"
    assert result.stdout.count("changed  ") == 6
    assert four.backups()["solutions/lesson_03/app/recipes.py"] == RECIPES_GROWN
    assert four.workbook("build", "2", "3", "4", "--no-notebooks").exit_code == 0, "what is inherited stays the same"
    assert four.workbook("forward", "2").stdout == "Nothing to carry on.\n", "it can be said twice"


def test_markers_of_the_changed_lesson_do_not_travel(four: GrowingCourse) -> None:
    four.edit(
        f"{TWO}/main.py", "OPEN = True\n", "# region 2.1 Open\nOPEN = not False\n# starter: OPEN = None\n# endregion\n"
    )
    four.workbook("forward", "2")
    assert four.read(f"{THREE}/main.py") == '"""The kitchen."""\n\nOPEN = not False\n'


def test_a_change_that_is_committed_already(four: GrowingCourse) -> None:
    four.edit(f"{TWO}/main.py", "True", "1 > 0")
    four.commit()
    assert four.workbook("forward", "2").stdout == "Nothing to carry on.\n"
    assert four.workbook("forward", "2", "--since", "HEAD~1").exit_code == 0
    assert "OPEN = 1 > 0" in four.read(f"{FOUR}/main.py")


def test_a_file_that_goes(four: GrowingCourse) -> None:
    (four.root / f"{TWO}/main.py").unlink()
    assert four.workbook("forward", "2").exit_code == 0
    assert not (four.root / f"{THREE}/main.py").exists()
    assert not (four.root / f"{FOUR}/main.py").exists()
    assert four.backups()["solutions/lesson_04/app/main.py"] == '"""The kitchen."""\n\nOPEN = True\n'


def test_a_file_that_a_later_lesson_removes_stays_removed(four: GrowingCourse) -> None:
    four.edit(f"{TWO}/store.py", "[]", '["salt"]')
    assert four.workbook("forward", "2").stdout == "Nothing to carry on.\n"
    assert not (four.root / f"{THREE}/store.py").exists()


def test_it_stops_at_a_conflict_and_goes_on_after_it(four: GrowingCourse) -> None:
    four.edit(f"{TWO}/recipes.py", '"cake"', '"apple cake"')  # lesson 3 has changed that line, too
    four.edit(f"{TWO}/main.py", "True", "1 > 0")
    result = four.workbook("forward", "2")
    assert result.exit_code == 1
    text = four.read(f"{THREE}/recipes.py")
    line = next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith("<<<<<<< lesson 3"))
    assert f"To decide:\n  {THREE}/recipes.py: a conflict in line {line}.\n" in result.stdout
    assert "||||||| lesson 2 before\n" in text
    assert '    return "apple cake"\n>>>>>>> lesson 2 now\n' in text
    assert "OPEN = 1 > 0" in four.read(f"{THREE}/main.py"), "the other files of this lesson are done"
    assert "OPEN = True" in four.read(f"{FOUR}/main.py"), "the lessons after it wait"
    assert four.backups()["solutions/lesson_03/app/recipes.py"] == RECIPES_GROWN

    for arguments, said in [(("--continue",), "still holds a conflict"), (("2",), "has stopped at a conflict")]:
        refused = four.workbook("forward", *arguments)
        assert refused.exit_code == 2
        assert said in refused.stderr

    four.write(f"{THREE}/recipes.py", RECIPES_GROWN.replace("cake with cream", "apple cake with cream"))
    assert four.workbook("forward", "--continue").exit_code == 0
    assert "OPEN = 1 > 0" in four.read(f"{FOUR}/main.py")
    assert 'return "apple cake with cream"' in four.read(f"{FOUR}/recipes.py")
    over = four.workbook("forward", "--continue")
    assert (over.exit_code, over.stderr) == (2, "No forward has stopped: there is nothing to go on with.\n")


def test_a_file_that_goes_and_that_a_later_lesson_has_changed(four: GrowingCourse) -> None:
    (four.root / f"{TWO}/recipes.py").unlink()
    four.write(f"{TWO}/other.py", "# region 2.1 file\nOTHER = 1\n")
    result = four.workbook("forward", "2")
    assert result.exit_code == 1
    assert f"{THREE}/recipes.py: lesson 2 now no longer has this file: delete it here too, or keep it." in result.stdout
    assert four.read(f"{THREE}/recipes.py") == RECIPES_GROWN
    assert four.workbook("forward", "--continue").exit_code == 0
    assert four.read(f"{FOUR}/other.py") == "OTHER = 1\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name the lesson that has changed, like workbook forward 2; or say --continue, and no lesson.\n"),
        (("2", "--continue"), "Name the lesson that has changed"),
        (("9",), "There is no lesson 9"),
        (("2", "--since", "nowhere"), "git cannot say what the solution was before: "),
        (("--continue",), "No forward has stopped"),
    ],
)
def test_what_cannot_be_forwarded(four: GrowingCourse, arguments: tuple[str, ...], said: str) -> None:
    result = four.workbook("forward", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(said)


def test_a_course_that_git_does_not_know(growing: GrowingCourse) -> None:
    result = growing.workbook("forward", "2")
    assert result.exit_code == 2
    assert result.stderr.startswith("git cannot say what the solution was before: ")


def test_a_broken_marker(four: GrowingCourse) -> None:
    four.edit(f"{TWO}/recipes.py", "    # endregion\n", "")
    result = four.workbook("forward", "2")
    assert (result.exit_code, result.stdout) == (
        1,
        f"{TWO}/recipes.py:11: region 2.1 is not closed: add an endregion line.\n",
    )
