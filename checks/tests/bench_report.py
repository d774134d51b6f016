"""How large are the report and the exports of a large class, and how long does it take to write them?

    python checks/tests/bench_report.py
    python checks/tests/bench_report.py --learners 500 --lessons 22

The class is made up: each lesson has six exercises with ten checks each, as the lessons here have on average. It is no
test: it asserts nothing. The goal is a page of 8 MB in 2 s, and 60 MB in 15 s for all exports that are written without
being asked for.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.grading.sample_lessons import SAMPLE_LESSONS
from workbook.course.message import Message
from workbook.course.model import Exercise, Lesson
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Verdict
from workbook.grading.exports import FORMATS, Options, default_formats
from workbook.grading.gradebook import Gradebook, Learner, LearnerGrade, LessonGrade, Standing
from workbook.grading.report import write_report

_CHECKS = 10
_MB = 1_000_000


def lessons(count: int) -> tuple[Lesson, ...]:
    """So many lessons of six exercises."""
    made: list[Lesson] = []
    for number in range(1, count + 1):
        model = SAMPLE_LESSONS[(number - 1) % len(SAMPLE_LESSONS)]
        exercises = tuple(replace(exercise, lesson=number) for exercise in model.exercises)
        made.append(replace(model, number=number, exercises=exercises))
    return tuple(made)


def class_of(learners: int, course: tuple[Lesson, ...]) -> Gradebook:
    """A class of which two thirds of the exercises are solved."""
    chance = random.Random(7)
    return Gradebook(
        course="FastAPI workbook",
        lessons=course,
        learners=tuple(_learner(number, course, chance) for number in range(learners)),
        made_at=datetime(2026, 12, 5, 9, 30, tzinfo=UTC),
        tool_version="bench",
        seed=None,
        isolation="a sandbox",
        isolated=True,
    )


def _learner(number: int, course: tuple[Lesson, ...], chance: random.Random) -> LearnerGrade:
    name = f"Learner {number}"
    canvas = {"Student": name, "ID": str(7000 + number), "SIS Login ID": f"l{number}", "Section": "A"}
    learner = Learner(f"s{number:04}", name, f"l{number}@example.org", canvas=canvas)
    grades: list[LessonGrade] = []
    for lesson in course:
        results = tuple(_exercise(exercise, chance) for exercise in lesson.exercises)
        result = LessonResult(lesson.number, lesson.title, results)
        grades.append(LessonGrade(lesson.number, lesson.title, lesson.max_points, result, seconds=4.2, seed=number))
    return LearnerGrade(learner, Standing.HANDED_IN, tuple(grades), source=f"s{number}.zip")


def _exercise(exercise: Exercise, chance: random.Random) -> ExerciseResult:
    failing = None if chance.random() < 0.67 else chance.randrange(_CHECKS)
    checks: list[CheckResult] = []
    for number in range(_CHECKS):
        file = f"checks/lesson_{exercise.lesson:02d}/test_{exercise.number}_what_it_is.py"
        name = f"{file}::test_it_is_so_at_edge_{number}"
        expects = f"{exercise.title}, also where it is at its edge, number {number}, and answers so."
        passed = number != failing
        message = None if passed else _message(exercise, number, chance)
        verdict = Verdict.PASSED if passed else Verdict.FAILED
        checks.append(CheckResult(name, expects, passed, verdict, message, round(chance.uniform(0, 0.2), 3)))
    verdict, points = (Verdict.PASSED, float(exercise.points)) if failing is None else (Verdict.FAILED, 0.0)
    return ExerciseResult(exercise.id, exercise.title, verdict, points, exercise.points, tuple(checks))


def _message(exercise: Exercise, number: int, chance: random.Random) -> Message:
    """One of a few faults, with values of the learner's own in every third message."""
    value = chance.randrange(1_000_000) if chance.random() < 0.33 else chance.randrange(4)
    rows = (
        ("We sent", f'POST /cakes {{"name": "tart", "price": {number}}}'),
        ("You answered", f'200 {{"id": {value}, "name": "tart", "price": null, "baker": "Ada"}}'),
        ("Expected", "201: the cake, with the price that was sent"),
        ("Looks like", "the price is not read from the body: it is null in the answer"),
        ("Look at", f"lessons/lesson_{exercise.lesson:02d}/{exercise.files[0]}:{10 + value % 40}"),
        ("Stuck?", f"workbook hint {exercise.id}"),
    )
    return Message(rows, kind="wrong_value")


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())


def main() -> None:
    """Make the class, write everything, and print sizes and seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=500)
    parser.add_argument("--lessons", type=int, default=22)
    chosen = parser.parse_args()
    book = class_of(chosen.learners, lessons(chosen.lessons))
    gc.freeze()  # as the command does
    exercises = sum(len(lesson.exercises) for lesson in book.lessons)
    print(f"{chosen.learners} learners, {chosen.lessons} lessons, {exercises} exercises")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        began = time.perf_counter()
        write_report(book, folder / "index.html")
        print(f"{'page':17} {_size(folder / 'index.html') / _MB:7.1f} MB {time.perf_counter() - began:6.1f} s")
        options = Options()
        chosen_formats, seconds, size = default_formats(options), 0.0, 0
        for name in FORMATS:
            if name in ("moodle", "classroom50"):  # they need what only a school's system has
                continue
            out = folder / name
            out.mkdir()
            began = time.perf_counter()
            FORMATS[name](book, out, options)
            took, bytes_ = time.perf_counter() - began, _size(out)
            by_default = name in chosen_formats
            seconds, size = seconds + took * by_default, size + bytes_ * by_default
            print(f"{name:17} {bytes_ / _MB:7.1f} MB {took:6.1f} s{'' if by_default else '  when asked for'}")
        print(f"{'all by default':17} {size / _MB:7.1f} MB {seconds:6.1f} s")


if __name__ == "__main__":
    main()
