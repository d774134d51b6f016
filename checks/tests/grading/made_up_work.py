"""What made-up learners wrote: solutions, starters, mistakes, half-done work and programs that harm.

Each piece of work says what it is worth, as far as that is known for sure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from workbook.authoring.regions import read_marked
from workbook.authoring.starters import BuiltLesson, build_lesson
from workbook.authoring.tree import read_tree
from workbook.authoring.variants import Variant, apply_variant, read_variants
from workbook.course.model import Course, Exercise

Files = Mapping[str, bytes]
Points = Mapping[str, tuple[float, float]]
"""For each exercise the least and the most that it may earn."""

_MISTAKES = {
    1: ("search_minds_the_letter_case", "import_prints", "tag_forgotten"),
    2: ("recipe_number_zero", "list_in_order_of_appearance", "limit_off_by_one"),
    3: ("wildcards_not_escaped", "updated_at_never_changes", "constraint_ends_in_500"),
}
"""Wrong variants that cost their own exercise and no other: they come first."""
_LOOP = b"while True:\n    pass\n"
_GREED = b"kept = []\nwhile True:\n    kept.append(bytearray(b'x' * 20_000_000))\n"
_TAMPER = b"import pytest\n\n\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call():\n    return True\n"
_BROKEN = b"\n\ndef unfinished(:\n    pass\n"
_NO_SUCH_MODULE = b"import flask_login_plus\n\n"
_MAIN = "app/main.py"


@dataclass(frozen=True)
class Work:
    """The files of one learner, and what they are worth."""

    lessons: Mapping[int, Files]
    points: Points

    def signed(self, by: str) -> Work:
        """The same work with a comment in it, so that nobody else's is the same to the byte."""
        sign = f"\n# Handed in by {by}.\n".encode()
        lessons = {
            number: {name: content + sign if name == _MAIN else content for name, content in files.items()}
            for number, files in self.lessons.items()
        }
        return Work(lessons, self.points)


@dataclass(frozen=True)
class Workshop:
    """Makes work from the lessons of a course that has its solutions."""

    course: Course
    numbers: Sequence[int]
    """Of the lessons."""
    _variants: dict[int, tuple[Variant, ...]] = field(default_factory=dict[int, tuple[Variant, ...]])

    @cached_property
    def built(self) -> Mapping[int, BuiltLesson]:
        """The lessons, taken apart."""
        return {number: build_lesson(self.course, self.course.lesson(number)) for number in self.numbers}

    @cached_property
    def exercises(self) -> Mapping[str, Exercise]:
        """Every exercise by its number."""
        return {entry.id: entry for built in self.built.values() for entry in built.lesson.exercises}

    def worth(self, changes: Points | None = None, *, solved: Collection[int] | None = None) -> Points:
        """Full points for some lessons (by default all) and none for the others, but for these changes."""
        full = self.numbers if solved is None else solved
        points = {name: float(entry.points if entry.lesson in full else 0) for name, entry in self.exercises.items()}
        return {**{name: (have, have) for name, have in points.items()}, **(changes or {})}

    def solved(self, numbers: Collection[int] | None = None) -> Work:
        """Everything right, in these lessons; the others are not there."""
        chosen = self.numbers if numbers is None else numbers
        return Work({number: self.built[number].solution for number in chosen}, self.worth(solved=chosen))

    def untouched(self) -> Work:
        """The starters as they were handed out."""
        return Work({number: built.files for number, built in self.built.items()}, self.worth(solved=()))

    def other_ways(self, turn: int) -> Work:
        """Right, and not what the solution does."""
        chosen = {number: self._of(number, right=True) for number in self.numbers}
        picked = {number: variants[turn % len(variants)] for number, variants in chosen.items()}
        return Work({number: apply_variant(self.built[number], pick) for number, pick in picked.items()}, self.worth())

    def mistaken(self, turn: int) -> Work:
        """One mistake in each lesson."""
        lessons: dict[int, Files] = {}
        changes: dict[str, tuple[float, float]] = {}
        for number in self.numbers:
            variants = self._of(number, right=False)
            pick = variants[turn % len(variants)]
            lessons[number] = apply_variant(self.built[number], pick)
            if pick.name not in _MISTAKES.get(number, ()):
                changes |= {entry.id: (0, entry.points) for entry in self.built[number].lesson.exercises}
            missed = self.exercises[pick.exercise or ""]
            changes[missed.id] = (0.0, missed.points - 0.01 if missed.partial else 0.0)
        return Work(lessons, self.worth(changes))

    def partly(self, number: int, done: Collection[int]) -> Work:
        """Some exercises of one lesson solved, the rest as handed out; the lessons before it solved, none after it."""
        before = [other for other in self.numbers if other < number]
        lesson = self.course.lesson(number)
        solved = {entry.id for entry in lesson.exercises if entry.number in done}
        changes = {
            entry.id: (entry.points, entry.points)
            if entry.id in solved
            else (0.0, entry.points - 0.01 if entry.partial else 0.0)
            for entry in lesson.exercises
        }
        lessons: dict[int, Files] = {other: self.built[other].solution for other in before}
        lessons[number] = self._half(number, solved)
        return Work(lessons, self.worth({**changes}, solved=before))

    def broken(self, number: int) -> Work:
        """A syntax error in the main file of one lesson."""
        return self._spoilt(number, lambda main: main + _BROKEN)

    def endless(self, number: int) -> Work:
        """A program of which the import never ends."""
        return self._spoilt(number, lambda main: main + _LOOP)

    def greedy(self, number: int) -> Work:
        """A program that takes all the memory it can get."""
        return self._spoilt(number, lambda main: main + _GREED)

    def imports_what_is_not_there(self, number: int) -> Work:
        """A program that needs a library which the course does not have."""
        return self._spoilt(number, lambda main: _NO_SUCH_MODULE + main)

    def meddling(self) -> Work:
        """Starters, with files that would make every check pass if anybody ran them."""
        further = {"conftest.py": _TAMPER, "pytest.ini": b"[pytest]\naddopts = --collect-only\n"}
        lessons = {number: {**built.files, **further} for number, built in self.built.items()}
        return Work(lessons, self.worth(solved=()))

    def _spoilt(self, number: int, change: Callable[[bytes], bytes]) -> Work:
        lessons = {other: dict(built.solution) for other, built in self.built.items()}
        lessons[number][_MAIN] = change(lessons[number][_MAIN])
        return Work(lessons, self.worth(solved=[other for other in self.numbers if other != number]))

    def _of(self, number: int, *, right: bool) -> list[Variant]:
        """The variants of a lesson, those with a well-known effect first."""
        if number not in self._variants:
            self._variants[number] = read_variants(self.course, self.course.lesson(number))
        first = _MISTAKES.get(number, ())
        found = [variant for variant in self._variants[number] if variant.is_right == right]
        return sorted(found, key=lambda entry: first.index(entry.name) if entry.name in first else len(first))

    def _half(self, number: int, solved: Collection[str]) -> Files:
        lesson = self.course.lesson(number)
        names = [entry.id for entry in lesson.exercises]
        files: dict[str, bytes] = {}
        for name, content in read_tree(self.course.solutions_dir / lesson.folder).items():
            if not name.endswith(".py"):
                files[name] = content
                continue
            half = read_marked(_without_markers(content.decode(), solved), name, names)
            if half.starter is not None:
                files[name] = half.starter.encode()
        return files


def _without_markers(text: str, solved: Collection[str]) -> str:
    """A marked file in which the regions of some exercises are ordinary lines."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        words = line.split()
        if words[:2] == ["#", "region"]:
            inside = words[2] in solved
        marker = words[:1] == ["#"] and words[1:2] in (["region"], ["starter:"], ["endregion"])
        if not (inside and marker):
            kept.append(line)
        if words[:2] == ["#", "endregion"]:
            inside = False
    return "\n".join(kept) + "\n"
