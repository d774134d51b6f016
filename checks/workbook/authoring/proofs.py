"""What is proven of a lesson by running it: each proof is one run of checks, or of the notebook."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp

from workbook.authoring import runs
from workbook.authoring.check_files import CheckFiles
from workbook.authoring.course_rules import lint_faults
from workbook.authoring.errors import AuthoringError
from workbook.authoring.openapi import openapi_faults
from workbook.authoring.runs import Until
from workbook.authoring.starter_files import target_folder
from workbook.authoring.starters import BuiltLesson
from workbook.authoring.steps import step_files
from workbook.authoring.variants import Variant
from workbook.course.message import Message
from workbook.course.model import Course, Exercise, Lesson
from workbook.course.results import ExerciseResult, Report, Verdict

NOTEBOOK, WHOLE_LESSON, ONE_EXERCISE = 30, 10, 3
"""How long proofs take, as ratios: the longest begin first, so that none of them is left for the end."""
_TELLING = ("Looks like", "You answered", "We sent")
_REJECTED = {Verdict.FAILED, Verdict.CRASHED, Verdict.TIMED_OUT}


@dataclass(frozen=True, slots=True)
class Proof:
    """One run, and the faults it shows."""

    lesson: Lesson
    what: str
    """What is run, in the words of a fault: ``"wrong variant no_limit"``."""
    cost: int
    prove: Callable[[], list[str]]


@dataclass
class LessonProofs:
    """Everything that must be run to prove one lesson."""

    course: Course
    built: BuiltLesson
    checks: CheckFiles
    variants: Sequence[tuple[Variant, Mapping[str, bytes]]]
    """Each with its files."""
    scratch: Path
    """A folder for targets and reports; each proof cleans up what it put there."""
    pytest: runs.Pytest
    some: Callable[[list[Proof]], list[Proof]] = list
    """Which of the damaged files to try."""
    checks_run: int = 0
    """How many checks ran on the solution."""
    solution_passes: bool = False
    notes: list[str] = field(default_factory=list[str])
    """What is no fault, but should be looked at."""

    @property
    def lesson(self) -> Lesson:
        """The lesson to prove."""
        return self.built.lesson

    def first(self, *, notebooks: bool) -> list[Proof]:
        """The proofs that stand for themselves."""
        proofs = [
            self._proof("the solution", WHOLE_LESSON, self._solution),
            self._proof("the starter", WHOLE_LESSON, self._starter),
            self._proof("the solution's OpenAPI document", NOTEBOOK, self._openapi),
            self._proof("lint", ONE_EXERCISE, lambda: lint_faults(self.course, self.lesson)),
        ]
        if notebooks:
            proofs += [
                self._proof("the notebook on the solution", NOTEBOOK, self._notebook_on_solution),
                self._proof("the notebook on the starter", NOTEBOOK, self._notebook_on_starter),
            ]
        return proofs

    def others(self) -> list[Proof]:
        """The proofs that say nothing as long as the solution does not pass its checks."""
        return [
            *self._steps(),
            *self.some([*self._damaged_starters(), *self._damaged_solutions()]),
            *(self._variant(variant, files) for variant, files in self.variants),
        ]

    def _proof(self, what: str, cost: int, prove: Callable[[], list[str]]) -> Proof:
        return Proof(self.lesson, what, cost, prove)

    # The solution and the starter as they are

    def _solution(self) -> list[str]:
        report = self._run({**self.built.solution, **_left_by_an_editor(self.built)})
        results = runs.lesson_result(report, self.lesson).exercises
        self.checks_run = sum(len(result.checks) for result in results)
        faults = _must_pass(results)
        self.solution_passes = not faults
        return faults

    def _starter(self) -> list[str]:
        results = runs.lesson_result(self._run(self.built.files), self.lesson).exercises
        faults: list[str] = []
        for result in results:
            if result.verdict not in {Verdict.FAILED, Verdict.NOT_STARTED}:
                faults.append(f"exercise {result.exercise} is {_words(result.verdict)}{_cause(result)}")
                continue
            faults += [
                f"{_check_name(check.name)} of exercise {result.exercise} passes: say why in its docstring "
                '("Passes on the starter: …"), or make it fail'
                for check in result.checks
                if check.passed and not self.checks.explains(result.exercise, check.name)
            ]
        return faults

    def _openapi(self) -> list[str]:
        """The solved service, live and with a fresh database, answers what its own document says."""
        folder = self._folder()
        target = target_folder(folder / "target", self.built, self.built.solution)
        try:
            return openapi_faults(self.lesson, target / self.lesson.folder, folder, self.pytest.seed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # A file deleted or emptied

    def _steps(self) -> list[Proof]:
        """The lesson after each exercise, the later ones as in the starter: what was solved so far passes.

        So nobody needs a later exercise to pass an earlier one, and ``workbook solution`` shows what works.
        """

        def prove(number: int) -> list[str]:
            done = self.lesson.exercises[:number]
            report = self._run(step_files(self.course, self.built, number), done)
            return _must_pass([runs.result_of(report, exercise.id) for exercise in done])

        return [
            self._proof(
                f"the lesson after exercise {exercise.id}",
                ONE_EXERCISE * exercise.number,
                lambda number=exercise.number: prove(number),
            )
            for exercise in self.lesson.exercises[:-1]
        ]

    def _damaged_starters(self) -> list[Proof]:
        """Each file of the starter, gone or empty: nothing may pass.

        A file that is blank anyway has nothing to lose, so it is left out.
        """

        def prove(files: Mapping[str, bytes]) -> list[str]:
            results = runs.lesson_result(self._run(files, until=Until.EXERCISE_FAILS), self.lesson).exercises
            return [f"exercise {entry.exercise} passes" for entry in results if entry.verdict is Verdict.PASSED]

        return [
            self._proof(f"the starter with {name} {how}", WHOLE_LESSON, lambda files=files: prove(files))
            for name in self.built.files
            if self.built.files[name].strip()
            for how, files in _damaged(self.built.files, name)
        ]

    def _damaged_solutions(self) -> list[Proof]:
        """Each solution file that holds regions, gone or empty: the exercises of these regions may not pass."""

        def prove(files: Mapping[str, bytes], exercises: list[Exercise]) -> list[str]:
            report = self._run(files, exercises, until=Until.EXERCISE_FAILS)
            results = [runs.result_of(report, exercise.id) for exercise in exercises]
            return [f"exercise {entry.exercise} passes" for entry in results if entry.verdict is Verdict.PASSED]

        proofs: list[Proof] = []
        for name, regions in self.built.regions.items():
            held = {region.exercise for region in regions}
            exercises = [exercise for exercise in self.lesson.exercises if exercise.id in held]
            proofs += [
                self._proof(
                    f"the solution with {name} {how}",
                    ONE_EXERCISE * len(exercises),
                    lambda files=files, exercises=exercises: prove(files, exercises),
                )
                for how, files in _damaged(self.built.solution, name)
            ]
        return proofs

    # Variants

    def _variant(self, variant: Variant, files: Mapping[str, bytes]) -> Proof:
        if variant.is_right:
            return self._proof(f"right variant {variant.name}", WHOLE_LESSON, lambda: self._right(files))
        return self._proof(f"wrong variant {variant.name}", ONE_EXERCISE, lambda: self._wrong(variant, files))

    def _right(self, files: Mapping[str, bytes]) -> list[str]:
        return _must_pass(runs.lesson_result(self._run(files), self.lesson).exercises)

    def _wrong(self, variant: Variant, files: Mapping[str, bytes]) -> list[str]:
        ids = [entry.id for entry in self.lesson.exercises]
        *earlier, exercise = self.lesson.exercises[: ids.index(variant.exercise or "") + 1]
        report = self._run(files, [*earlier, exercise], until=Until.EXERCISE_FAILS)
        result = runs.result_of(report, exercise.id)
        if result.verdict not in _REJECTED or all(check.passed for check in result.checks):
            return [f"exercise {exercise.id} is {_words(result.verdict)}{_cause(result)} (seed {report.seed})"]
        if variant.says is not None and _plain(variant.says) not in _plain(_whole(result.message)):
            return [f'exercise {exercise.id} should say "{variant.says}"; it says: {_shown(result.message)}']
        if variant.says is None and result.verdict is Verdict.CRASHED:
            self.notes.append(
                f"wrong variant {variant.name}: the service crashes{_cause(result)}. "
                "If that is the mistake you mean, state its words in says."
            )
        return _blamed_before(variant, result, [runs.result_of(report, entry.id) for entry in earlier])

    # The notebook

    def _notebook_on_solution(self) -> list[str]:
        from workbook.authoring.notebooks import make_notebook, notebook_difference

        difference = notebook_difference(self.course, self.built, make_notebook(self.course, self.built))
        return [f"{difference.name} is not what workbook build makes: run workbook build"] if difference else []

    def _notebook_on_starter(self) -> list[str]:
        from workbook.authoring.notebook_run import run_notebook
        from workbook.authoring.notebook_source import read_source

        try:
            notebook = read_source(self.course, self.built)
        except AuthoringError:
            return []  # the run on the solution says so
        folder = self._folder()
        target = target_folder(folder, self.built, self.built.files)
        try:
            run_notebook(self.course, self.lesson, notebook, target, with_checks=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return []

    def _run(
        self, files: Mapping[str, bytes], exercises: Sequence[Exercise] = (), *, until: Until = Until.END
    ) -> Report:
        return checks_on(self.course, self.built, files, self.scratch, self.pytest, exercises, until=until)

    def _folder(self) -> Path:
        return Path(mkdtemp(prefix=f"{self.lesson.folder}-", dir=self.scratch))


def checks_on(
    course: Course,
    built: BuiltLesson,
    files: Mapping[str, bytes],
    scratch: Path,
    pytest: runs.Pytest,
    exercises: Sequence[Exercise] = (),
    *,
    until: Until = Until.END,
) -> Report:
    """Run the checks of a lesson on a target that holds just these files, below ``scratch``."""
    folder = Path(mkdtemp(prefix=f"{built.lesson.folder}-", dir=scratch))
    try:
        target = target_folder(folder / "target", built, files)
        return runs.run_checks(course, built.lesson, target, folder, exercises, pytest, until=until)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _damaged(files: Mapping[str, bytes], name: str) -> list[tuple[str, Mapping[str, bytes]]]:
    without = {other: content for other, content in files.items() if other != name}
    return [("deleted", without), ("emptied", {**without, name: b""})]


def _blamed_before(variant: Variant, named: ExerciseResult, earlier: Sequence[ExerciseResult]) -> list[str]:
    """What is wrong with the exercises before the one that a wrong variant names: a learner meets theirs first.

    Where the service does not even start, every exercise says the same, so it does not matter which one says it first.
    """
    told = _without_hint(named.message)
    faults: list[str] = []
    for result in earlier:
        if result.verdict is Verdict.PASSED:
            if result.exercise in variant.also:
                faults.append(f"also names exercise {result.exercise}, which passes")
        elif result.exercise not in variant.also and not (
            result.verdict is Verdict.CRASHED and _without_hint(result.message) == told
        ):
            faults.append(
                f"exercise {result.exercise} is {_words(result.verdict)} before {named.exercise} is{_cause(result)}; "
                f'mend the check, or say also = ["{result.exercise}"]'
            )
    return faults


def _must_pass(results: Sequence[ExerciseResult]) -> list[str]:
    faults: list[str] = []
    for result in results:
        failing = [check for check in result.checks if not check.passed]
        if failing:
            share = f"{len(failing)} of {len(result.checks)} checks fail, first {_check_name(failing[0].name)}"
            faults.append(f"exercise {result.exercise}: {share}: {_shown(failing[0].message)}")
        elif result.verdict is not Verdict.PASSED:
            faults.append(f"exercise {result.exercise} is {_words(result.verdict)}")
    return faults


def _words(verdict: Verdict) -> str:
    match verdict:
        case Verdict.CHECK_ERROR:
            return "not decided, because a check has a fault of its own"
        case _:
            return verdict.value.replace("_", " ")


def _check_name(name: str) -> str:
    return name.rpartition("::")[2]


def _cause(result: ExerciseResult) -> str:
    return f": {_shown(result.message)}" if result.message else ""


def _shown(message: Message | None) -> str:
    """The telling part of a message, on one line."""
    if message is None:
        return "no message"
    rows = [text for label, text in message.rows if label in _TELLING] or [text for _, text in message.rows]
    text = " · ".join(_plain(row) for row in rows)
    return text if len(text) <= 240 else f"{text[:239]}…"


def _whole(message: Message | None) -> str:
    return " ".join(f"{label} {text}" for label, text in message.rows) if message else ""


def _without_hint(message: Message | None) -> list[tuple[str, str]]:
    """A message without the row that names an exercise."""
    return [row for row in message.rows if row[0] != "Stuck?"] if message else []


def _plain(text: str) -> str:
    return " ".join(text.split())


def _left_by_an_editor(built: BuiltLesson) -> dict[str, bytes]:
    """The copies that JupyterLab keeps of files that it has saved: they are nobody's work; no check may read them."""
    found: dict[str, bytes] = {}
    for name, content in built.solution.items():
        path = PurePosixPath(name)
        copy = path.parent / ".ipynb_checkpoints" / f"{path.stem}-checkpoint{path.suffix}"
        found[copy.as_posix()] = built.files.get(name, content)
    return found
