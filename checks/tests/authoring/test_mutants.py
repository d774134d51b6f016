"""The mutants of a solution: which changes are made, and how one is known again."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from workbook.authoring.mutants import Mutant, make_mutants
from workbook.authoring.regions import read_marked
from workbook.authoring.starters import BuiltLesson, build_lesson
from workbook.course.model import Course, Exercise, Lesson


def built(text: str, name: str = "app/main.py") -> BuiltLesson:
    exercises = tuple(Exercise(1, number, "T", 1, "C", ("a", "b", "c"), (name,)) for number in (1, 2))
    lesson = Lesson(1, "x", "X", 10, ("a",), ("b",), exercises)
    marked = read_marked(textwrap.dedent(text).lstrip("\n"), name, ["1.1", "1.2"])
    return BuiltLesson(lesson, {name: marked.solution.encode()}, {}, {name: marked.regions}, "")


def mutants(code: str) -> list[Mutant]:
    """The mutants of some code that is a region as a whole."""
    return make_mutants(built(f"# region 1.1 One\n{textwrap.dedent(code).strip()}\n# endregion\n"))


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("x = a < b", ["pass", "x = a <= b", "x = a >= b"]),
        ("x = a >= b", ["pass", "x = a < b", "x = a > b"]),
        ("x = a is not None", ["pass", "x = a is None"]),
        ("x = a not in b", ["pass", "x = a in b"]),
        ("x = a == b", ["pass", "x = a != b"]),
        ("x = not a", ["pass", "x = a"]),
        ("x = a and b and c", ["pass", "x = a or b and c", "x = a and b or c"]),
        ("x = 3", ["pass", "x = 2", "x = 4"]),
        ("x = 0", ["pass", "x = (-1)", "x = 1"]),
        ("x = True", ["pass", "x = False"]),
        ("x = 'é'", ["pass", "x = 'é_'"]),
        ('x = f"{a}, {1 + 2}!"', ["pass", 'x = f"{a}, {1 + 2}!_"']),
        ("x = b if a.c else d", ["pass", "x = b if not (a.c) else d"]),
        ("x = [y for y in z if y]", ["pass", "x = [y for y in z if not (y)]"]),
        ("x = f(a, b=c)", ["pass", "x = f(b=c)", "x = f(a)"]),
        ("x = f(\n    a,\n    *b,\n)", ["pass", "", ""]),
        ("x = f(**a)", ["pass", "x = f()"]),
        ("x: Annotated[int, Field(gt=a)]", ["pass", "x: Annotated[int, Field()]", "x: Annotated[int, Field(ge=a)]"]),
        ("x = q.order_by(a)", ["pass", "x = q", "x = q.order_by()"]),
        ("x = q().all(a).one()", ["pass", "x = q().one()", "x = q().all(a)", "x = q().all().one()"]),
        ("raise E('words')", ["pass"]),
        (
            "raise E(404, f'words {a}')",
            ["pass", "raise E(f'words {a}')", "raise E(403, f'words {a}')", "raise E(405, f'words {a}')"],
        ),
        ("x = Query(description='words', tags=['a'], responses={404: 1})", ["pass"]),
        ("import a\nfrom b import c", []),
        ("'''A docstring.'''", []),
        ("if TYPE_CHECKING:\n    x = 1", []),
    ],
)
def test_the_changes_of_a_line(code: str, changes: list[str]) -> None:
    assert sorted(mutant.after for mutant in mutants(code)) == sorted(changes)


def test_statements_decorators_and_conditions() -> None:
    code = """
        @router.get("/a")
        async def read(a: int) -> int:
            '''Read.'''
            if a:
                del a
            await f(a)
            return a
    """
    assert {(mutant.before, mutant.after) for mutant in mutants(code)} == {
        ('@router.get("/a")', ""),
        ('@router.get("/a")', "@router.get()"),
        ('@router.get("/a")', '@router.get("/a_")'),
        ("if a:", "if not (a):"),
        ("del a", "pass"),
        ("await f(a)", "pass"),
        ("await f(a)", "f(a)"),
        ("await f(a)", "await f()"),
        ("return a", "pass"),
    }


def test_only_what_stands_in_a_region_is_changed() -> None:
    lesson = built("""
        first = 1
        # region 1.2 Two
        second = 2
        # starter: second = 0
        # endregion


        def third(a: int) -> int:
            # region 1.1 One
            return a < 3
            # endregion
    """)
    found = make_mutants(lesson)
    assert {(mutant.exercise, mutant.line) for mutant in found} == {("1.2", 2), ("1.1", 6)}
    assert found == make_mutants(lesson)
    solution = lesson.solution["app/main.py"].decode().splitlines()
    for mutant in found:
        changed = mutant.content.decode().splitlines()
        assert [number for number, line in enumerate(changed, start=1) if line != solution[number - 1]] == [mutant.line]
        assert changed[mutant.line - 1].strip() == mutant.after


def test_files_that_are_no_python_have_no_mutants() -> None:
    assert make_mutants(built("<!-- region 1.1 One -->\n<b>1</b>\n<!-- endregion -->\n", "app/page.html")) == []


def test_a_mutant_is_known_again_where_lines_above_it_change() -> None:
    one = mutants("x = 1")
    two = make_mutants(built("y = 5\n\n# region 1.1 One\nx = 1\n# endregion\n"))
    assert [mutant.identity for mutant in one] == [mutant.identity for mutant in two]
    assert [mutant.line for mutant in one] != [mutant.line for mutant in two]


def test_every_mutant_of_the_course_is_python_and_differs() -> None:
    course = Course(Path(__file__).parents[3])
    for lesson in course.lessons:
        solved = build_lesson(course, lesson)
        found = make_mutants(solved)
        assert found
        for mutant in found:
            compile(mutant.content, mutant.file, "exec")
            assert mutant.content != solved.solution[mutant.file]
