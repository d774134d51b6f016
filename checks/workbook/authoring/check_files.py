"""Read the files of checks as text: which exercise they decide, and what each check says of itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workbook.course.model import Course, Exercise, Lesson

_FILE = re.compile(r"test_(?P<number>\d+)_\w+\.py")
_EXPLAINED = re.compile(r"passes on the starter(?::|,? because)\s*\S", re.IGNORECASE)
_MARKER = "passes_on_starter"


@dataclass(frozen=True, slots=True)
class Check:
    """One check as it stands in its file."""

    exercise: str
    file: str
    name: str
    docstring: str
    may_pass_on_starter: bool
    """Whether it says why it passes on the untouched starter."""


@dataclass(frozen=True, slots=True)
class CheckFiles:
    """The checks of a lesson, and what is wrong with their files."""

    checks: tuple[Check, ...]
    faults: tuple[str, ...]

    def explains(self, exercise_id: str, name: str) -> bool:
        """Whether a check, named as pytest reports it, says why it passes on the untouched starter."""
        plain = name.rpartition("::")[2].partition("[")[0]
        return any(
            check.may_pass_on_starter for check in self.checks if (check.exercise, check.name) == (exercise_id, plain)
        )


def read_check_files(course: Course, lesson: Lesson) -> CheckFiles:
    """Read all files of checks of a lesson, without running them."""
    folder = course.checks_dir / lesson.folder
    exercises = {exercise.number: exercise for exercise in lesson.exercises}
    files: dict[int, list[str]] = {}
    checks: list[Check] = []
    faults: list[str] = []
    for file in sorted(folder.glob("test_*.py")):
        place = f"checks/{lesson.folder}/{file.name}"
        match = _FILE.fullmatch(file.name)
        exercise = exercises.get(int(match["number"])) if match else None
        if exercise is None:
            faults.append(f"{place}: it belongs to no exercise; a file of checks is called like test_3_words.py.")
            continue
        files.setdefault(exercise.number, []).append(file.name)
        try:
            tree = ast.parse(file.read_bytes())
        except SyntaxError as error:
            faults.append(f"{place}:{error.lineno}: {error.msg}.")
            continue
        faults += _heading_faults(place, tree, exercise)
        for check in _checks(tree, place, exercise):
            checks.append(check)
            if not check.docstring.strip():
                faults.append(f"{place}: {check.name} has no docstring that says what the contract promises.")
    for number, exercise in exercises.items():
        names = files.get(number, [])
        if len(names) != 1:
            have = " and ".join(names) or "no file of checks"
            faults.append(f"checks/{lesson.folder}: exercise {exercise.id} has {have}; it needs exactly one.")
    return CheckFiles(tuple(checks), tuple(faults))


def _heading_faults(place: str, tree: ast.Module, exercise: Exercise) -> list[str]:
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    if first.rstrip(".").split() == f"{exercise.id} {exercise.title}".rstrip(".").split():
        return []
    return [f'{place}: its docstring begins with {first!r}; it should be "{exercise.id}  {exercise.title}."']


def _checks(tree: ast.Module, place: str, exercise: Exercise) -> Iterator[Check]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test"):
            continue
        docstring = ast.get_docstring(node) or ""
        explained = _EXPLAINED.search(" ".join(docstring.split())) is not None or any(
            _is_reason(decorator) for decorator in node.decorator_list
        )
        yield Check(exercise.id, place, node.name, docstring, explained)


def _is_reason(decorator: ast.expr) -> bool:
    """Whether this is ``@pytest.mark.passes_on_starter("why")`` with a reason."""
    match decorator:
        case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(value=str(why))]) if name == _MARKER:
            return bool(why.strip())
        case _:
            return False
