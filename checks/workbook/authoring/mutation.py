"""``workbook verify --mutants``: do the checks notice each small change of the solution?"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.authoring.errors import AuthoringError
from workbook.authoring.mutants import Mutant, make_mutants
from workbook.authoring.proofs import Proof, checks_on
from workbook.authoring.proving import prove_all
from workbook.authoring.runs import Pytest, Until
from workbook.authoring.starters import BuiltLesson, build_lesson
from workbook.authoring.survivors import Survivor, read_survivors
from workbook.course.model import Course, Exercise, Lesson
from workbook.course.results import Verdict

if TYPE_CHECKING:
    from rich.console import Console

MIN_KILLED = 0.9
"""How many of all mutants of a lesson have to be noticed, survivors with a reason included."""


@dataclass
class _LessonMutants:
    """The mutants of one lesson, and what became of them."""

    course: Course
    built: BuiltLesson
    listed: Sequence[Survivor]
    """Those that ``variants.toml`` says survive."""
    everything: Sequence[Mutant]
    tried: Sequence[Mutant]
    scratch: Path
    pytest: Pytest
    killed: set[Mutant] = field(default_factory=set[Mutant])
    undecided: set[Mutant] = field(default_factory=set[Mutant])

    @property
    def lesson(self) -> Lesson:
        """The lesson that they are mutants of."""
        return self.built.lesson

    def proofs(self) -> list[Proof]:
        """A run of checks for each mutant, after one of the solution as it is."""
        return [Proof(self.lesson, f"mutant of {one}", 1, lambda one=one: self._try(one)) for one in self.tried]

    def solution(self) -> Proof:
        """The solution passes, or killing its mutants proves nothing."""

        def prove() -> list[str]:
            report = checks_on(self.course, self.built, self.built.solution, self.scratch, self.pytest)
            failing = [
                exercise.exercise
                for lesson in report.lessons
                for exercise in lesson.exercises
                if exercise.verdict is not Verdict.PASSED
            ]
            return [f"exercise {name} does not pass, so its mutants were not tried" for name in failing]

        return Proof(self.lesson, "the solution", 1, prove)

    def _try(self, mutant: Mutant) -> list[str]:
        own: list[Exercise] = [one for one in self.lesson.exercises if one.id == mutant.exercise]
        others = [one for one in self.lesson.exercises if one.id != mutant.exercise]
        files = {**self.built.solution, mutant.file: mutant.content}
        self.undecided.add(mutant)
        report = checks_on(
            self.course, self.built, files, self.scratch, self.pytest, [*own, *others], until=Until.FIRST_FAILURE
        )
        exercises = [exercise for lesson in report.lessons for exercise in lesson.exercises]
        if any(exercise.verdict is Verdict.CHECK_ERROR for exercise in exercises):
            return ["a check calls this a fault of its own"]
        self.undecided.remove(mutant)
        if any(not check.passed for exercise in exercises for check in exercise.checks):
            self.killed.add(mutant)
        return []

    def faults(self) -> list[str]:
        """What the author has to look at, once all proofs are over."""
        reasons = {survivor.identity for survivor in self.listed}
        survived = [one for one in self.tried if one not in self.killed and one not in self.undecided]
        faults = [f"a mutant survives: {one}" for one in survived if one.identity not in reasons]
        known = {one.identity for one in self.everything}
        killed = {one.identity for one in self.killed}
        for survivor in self.listed:
            if survivor.identity not in known:
                faults.append(f"there is no such mutant any more: remove the survivor {survivor}")
            elif survivor.identity in killed:
                faults.append(f"a check notices it now: remove the survivor {survivor}")
        if len(self.tried) == len(self.everything) and len(self.killed) < MIN_KILLED * len(self.tried):
            faults.append(f"only {self._share()} are killed; it takes {MIN_KILLED:.0%}")
        return faults

    def summary(self, faults: int) -> str:
        """The lesson in one line."""
        whole = "" if len(self.tried) == len(self.everything) else f", a sample of {len(self.everything)}"
        plural = "" if faults == 1 else "s"
        return f"lesson {self.lesson.number}: {self._share()} killed{whole}, {faults} fault{plural}"

    def _share(self) -> str:
        share = len(self.killed) / len(self.tried) if self.tried else 1.0
        return f"{len(self.killed)} of {len(self.tried)} mutants ({share:.0%})"


def verify_mutants(
    course: Course, lessons: Sequence[int] | None, *, sample: int | None, seed: int, jobs: int = 2, console: Console
) -> int:
    """Try mutants of lessons: each has to fail a check, or to be listed as a survivor with a reason.

    Args:
        course: the course.
        lessons: the numbers of the lessons; None for all.
        sample: how many mutants of each lesson to try; None for all.
        seed: which ones the sample holds, and where the random inputs of the checks come from.
        jobs: how many runs go side by side.
        console: where progress, and one line for each fault, are printed.

    Returns:
        The exit code: 0, or 1 where an author has something to mend.

    Raises:
        CourseError: there is no such lesson, or a ``lesson.toml`` cannot be read.
    """
    chosen = course.lessons if lessons is None else tuple(course.lesson(number) for number in dict.fromkeys(lessons))
    faults: dict[int, list[str]] = {lesson.number: [] for lesson in chosen}
    found: list[_LessonMutants] = []
    with (
        tempfile.TemporaryDirectory(prefix="workbook-verify-", ignore_cleanup_errors=True) as scratch,
        Pytest(course, seed) as pytest,
    ):
        for lesson in chosen:
            try:
                built = build_lesson(course, lesson)
                listed = read_survivors(course, lesson)
            except AuthoringError as error:
                faults[lesson.number] += error.faults
                continue
            everything = make_mutants(built)
            tried = everything
            if sample is not None and sample < len(everything):
                places = random.Random(f"{seed}:{lesson.number}").sample(range(len(everything)), sample)
                tried = [everything[place] for place in sorted(places)]
            found.append(_LessonMutants(course, built, listed, everything, tried, Path(scratch), pytest))
        broken: set[int] = set()
        for proof, said in prove_all([one.solution() for one in found], jobs, console):
            faults[proof.lesson.number] += [f"{proof.what}: {text}" for text in said]
            broken |= {proof.lesson.number} if said else set()
        sound = [one for one in found if one.lesson.number not in broken]
        for proof, said in prove_all([proof for one in sound for proof in one.proofs()], jobs, console):
            faults[proof.lesson.number] += [f"{proof.what}: {text}" for text in said]
    for one in sound:
        faults[one.lesson.number] += one.faults()
    for number, lines in faults.items():
        for line in lines:
            console.print(f"lesson {number}: {line}", markup=False, highlight=False, soft_wrap=True)
    for one in sound:
        counted = one.summary(len(faults[one.lesson.number]))
        console.print(counted, markup=False, highlight=False, soft_wrap=True)
    console.print(f"The seed of this run is {seed}.", markup=False, highlight=False, soft_wrap=True)
    return 1 if any(faults.values()) else 0
