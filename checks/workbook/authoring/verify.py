"""``workbook verify``: prove that lessons are right, and name what is not."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from workbook.authoring.check_files import read_check_files
from workbook.authoring.course_rules import course_faults
from workbook.authoring.errors import AuthoringError
from workbook.authoring.inheritance import inheritance_faults
from workbook.authoring.lesson_rules import MIN_CHECKS, lesson_faults, place_faults, variant_faults
from workbook.authoring.new import unwritten
from workbook.authoring.proofs import LessonProofs
from workbook.authoring.proving import prove_all
from workbook.authoring.runs import Pytest
from workbook.authoring.starter_files import differences
from workbook.authoring.starters import build_lesson
from workbook.authoring.variants import Variant, apply_variant, read_variants
from workbook.course.model import Course, Lesson

if TYPE_CHECKING:
    from rich.console import Console

_T = TypeVar("_T")


class _Sample:
    """Takes so many of a list, by chance, in their order; all of them without a number."""

    def __init__(self, number: int | None, chance: random.Random) -> None:
        self.number = number
        self.chance = chance

    def __call__(self, items: list[_T]) -> list[_T]:
        """Take some."""
        if self.number is None or self.number >= len(items):
            return items
        return [items[place] for place in sorted(self.chance.sample(range(len(items)), self.number))]


class _Standing:
    """What is known about one lesson so far."""

    def __init__(
        self, course: Course, lesson: Lesson, scratch: Path, pytest: Pytest, sample: int | None, seed: int
    ) -> None:
        self.lesson = lesson
        self.variants: Sequence[Variant] = ()
        self.proofs: LessonProofs | None = None
        self.tried = 0, 0
        check_files = read_check_files(course, lesson)
        self.faults: list[str] = [*unwritten(course, lesson), *check_files.faults]
        try:
            built = build_lesson(course, lesson)
        except AuthoringError as error:
            self.faults += error.faults
            return
        self.faults += lesson_faults(course, built) + place_faults(course, built) + course_faults(course, lesson)
        self.faults += inheritance_faults(lesson, built.solution, built.last)
        self.faults += [
            f"{difference.name} is not what workbook build makes: run workbook build."
            for difference in differences(course, built)
        ]
        try:
            self.variants = read_variants(course, lesson)
        except AuthoringError as error:
            self.faults += error.faults
        else:
            self.faults += variant_faults(lesson, self.variants)
        applied: list[tuple[Variant, Mapping[str, bytes]]] = []
        for variant in self.variants:
            try:
                applied.append((variant, apply_variant(built, variant)))
            except AuthoringError as error:
                self.faults += error.faults
        some = _Sample(sample, random.Random(f"{seed}:{lesson.number}"))
        right = some([one for one in applied if one[0].is_right])
        wrong = some([one for one in applied if not one[0].is_right])
        self.tried = len(wrong), len(right)
        self.proofs = LessonProofs(course, built, check_files, [*wrong, *right], scratch, pytest, some)

    def end(self) -> None:
        """Judge what only all proofs together show."""
        if self.proofs and 0 < self.proofs.checks_run < MIN_CHECKS:
            self.faults.append(f"there are at least {MIN_CHECKS} checks; it has {self.proofs.checks_run}.")

    def summary(self) -> str:
        """The lesson in one line."""
        wrong = sum(not variant.is_right for variant in self.variants)
        right = len(self.variants) - wrong
        checks = _count(self.proofs.checks_run if self.proofs else 0, "check")
        variants = f"{_some(self.tried[0], wrong)} wrong and {_some(self.tried[1], right)} right variants"
        return f"lesson {self.lesson.number}: {checks}, {variants}, {_count(len(self.faults), 'fault')}"


def verify(
    course: Course,
    lessons: Sequence[int] | None,
    *,
    jobs: int = 2,
    notebooks: bool = True,
    sample: int | None = None,
    seed: int = 0,
    console: Console,
) -> int:
    """Prove lessons: the solution passes, the starter does not, each variant is judged as it should be, and the rest.

    Args:
        course: the course.
        lessons: the numbers of the lessons to prove; None for all.
        jobs: how many runs go side by side.
        notebooks: whether the notebooks are run too, on the solution and on the starter.
        sample: how many wrong variants, right ones and damaged files of each lesson to try; None for all.
        seed: which ones the sample holds, and where the random inputs of all runs come from.
        console: where progress, and one line for each fault, are printed.

    Returns:
        The exit code: 0, or 1 where an author has something to mend.

    Raises:
        CourseError: there is no such lesson, or a ``lesson.toml`` cannot be read.
    """
    chosen = course.lessons if lessons is None else tuple(course.lesson(number) for number in dict.fromkeys(lessons))
    with (
        tempfile.TemporaryDirectory(prefix="workbook-verify-", ignore_cleanup_errors=True) as scratch,
        Pytest(course, seed) as pytest,
    ):
        standings = {lesson.number: _Standing(course, lesson, Path(scratch), pytest, sample, seed) for lesson in chosen}
        buildable = [standing.proofs for standing in standings.values() if standing.proofs]
        found = prove_all([proof for proofs in buildable for proof in proofs.first(notebooks=notebooks)], jobs, console)
        found += prove_all([proof for it in buildable if it.solution_passes for proof in it.others()], jobs, console)
        for proof, faults in found:
            standings[proof.lesson.number].faults += [f"{proof.what}: {_sentence(fault)}" for fault in faults]

    for standing in standings.values():
        standing.end()
        if standing.proofs and not standing.proofs.solution_passes:
            standing.proofs.notes.append("variants and damaged files were not tried: the solution has to pass first.")
        for note in standing.proofs.notes if standing.proofs else ():
            _say(console, f"lesson {standing.lesson.number}: note: {note}")
        for fault in standing.faults:
            _say(console, f"lesson {standing.lesson.number}: {fault}")
    for standing in standings.values():
        _say(console, standing.summary())
    return 1 if any(standing.faults for standing in standings.values()) else 0


def _some(tried: int, there_are: int) -> str:
    return f"{tried} of {there_are}" if tried < there_are else f"{there_are}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "…", "?")) else f"{text}."


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
