"""``workbook verify``: prove that lessons are right, and name what is not."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.authoring.check_files import read_check_files
from workbook.authoring.faults import AuthoringError
from workbook.authoring.handout import differences
from workbook.authoring.lesson_rules import MIN_CHECKS, lesson_faults, variant_faults
from workbook.authoring.notebook_run import stop_notebooks
from workbook.authoring.proofs import LessonProofs, Proof
from workbook.authoring.runs import Pytest
from workbook.authoring.starters import build_lesson
from workbook.authoring.variants import Variant, apply_variant, read_variants
from workbook.course import Course, Lesson

if TYPE_CHECKING:
    from rich.console import Console


class _Standing:
    """What is known about one lesson so far."""

    def __init__(self, course: Course, lesson: Lesson, scratch: Path, pytest: Pytest) -> None:
        self.lesson = lesson
        self.variants: Sequence[Variant] = ()
        self.proofs: LessonProofs | None = None
        check_files = read_check_files(course, lesson)
        self.faults: list[str] = list(check_files.faults)
        try:
            built = build_lesson(course, lesson)
        except AuthoringError as error:
            self.faults += error.faults
            return
        self.faults += lesson_faults(course, built)
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
        self.proofs = LessonProofs(course, built, check_files, applied, scratch, pytest)

    def end(self) -> None:
        """Judge what only all proofs together show."""
        if self.proofs and 0 < self.proofs.checks_run < MIN_CHECKS:
            self.faults.append(f"there are at least {MIN_CHECKS} checks; it has {self.proofs.checks_run}.")

    def summary(self) -> str:
        """The lesson in one line."""
        wrong = sum(not variant.is_right for variant in self.variants)
        checks = self.proofs.checks_run if self.proofs else 0
        counted = f"{wrong} wrong and {len(self.variants) - wrong} right variants"
        return f"lesson {self.lesson.number}: {_count(checks, 'check')}, {counted}, {_count(len(self.faults), 'fault')}"


def verify(
    course: Course, lessons: Sequence[int] | None, *, jobs: int = 2, notebooks: bool = True, console: Console
) -> int:
    """Prove lessons: the solution passes, the starter does not, each variant is judged as it should be, and the rest.

    Args:
        course: the course.
        lessons: the numbers of the lessons to prove; None for all.
        jobs: how many runs go side by side.
        notebooks: whether the notebooks are run too, on the solution and on the starter.
        console: where progress, and one line for each fault, are printed.

    Returns:
        The exit code: 0, or 1 where an author has something to mend.

    Raises:
        CourseError: there is no such lesson, or a ``lesson.toml`` cannot be read.
    """
    chosen = course.lessons if lessons is None else tuple(course.lesson(number) for number in dict.fromkeys(lessons))
    with (
        tempfile.TemporaryDirectory(prefix="workbook-verify-", ignore_cleanup_errors=True) as scratch,
        Pytest(course) as pytest,
    ):
        standings = {lesson.number: _Standing(course, lesson, Path(scratch), pytest) for lesson in chosen}
        buildable = [standing.proofs for standing in standings.values() if standing.proofs]
        found = _proven([proof for proofs in buildable for proof in proofs.first(notebooks=notebooks)], jobs, console)
        found += _proven([proof for it in buildable if it.solution_passes for proof in it.others()], jobs, console)
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


def _proven(proofs: list[Proof], jobs: int, console: Console) -> list[tuple[Proof, list[str]]]:
    """Run proofs side by side, the longest first, with a bar that says how many are done.

    Returns:
        Each proof with its faults, in the order in which they were given.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    pool = ThreadPoolExecutor(max(1, jobs))
    try:
        futures: dict[Future[list[str]], Proof] = {
            pool.submit(_faults, proof): proof for proof in sorted(proofs, key=lambda proof: -proof.cost)
        }
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("verify", total=len(proofs))
            for future in as_completed(futures):
                proof = futures[future]
                progress.update(task, advance=1, description=f"lesson {proof.lesson.number}: {proof.what}")
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        stop_notebooks()
        raise
    pool.shutdown()
    found = {id(proof): future.result() for future, proof in futures.items()}
    return [(proof, found[id(proof)]) for proof in proofs]


def _faults(proof: Proof) -> list[str]:
    try:
        return proof.prove()
    except AuthoringError as error:
        return list(error.faults)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "…", "?")) else f"{text}."


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
