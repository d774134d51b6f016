"""What the tests of the class report look at: the sample class with similar pairs, and a class of the largest size.

As a program it prints how large the report on the largest class is, and how long a browser takes to open it::

    python checks/tests/grading/report_sample.py
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.chromium import chromium, find_chromium
from tests.grading.sample import sample_gradebook
from tests.grading.sample_lessons import SAMPLE_LESSONS
from workbook.course.message import Message
from workbook.course.model import Exercise, Lesson
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Verdict
from workbook.grading.gradebook import Gradebook, LearnerGrade, LessonGrade
from workbook.grading.report import write_report
from workbook.grading.similarity.pairs import Fragment, SimilarPair

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHECKS = 10
"""Checks of an exercise in the large class; the course has 9 to 13."""

_LEFT = "\n".join(f"def price_{number}(x: int) -> int:\n    return x + {number}\n" for number in range(40))
_RIGHT = "import os  # </script><script>alert(1)</script>\n\n" + _LEFT.replace("x + 7", "x - 7")


def sample_pairs(book: Gradebook) -> list[SimilarPair]:
    """Two pairs from the class, the second without the texts."""
    ids = [grade.learner.id for grade in book.learners]
    fragments = (
        Fragment("app/main.py", 1, 20, "app/main.py", 3, 22),
        Fragment("app/main.py", 28, 60, "app/main.py", 30, 62),
    )
    texts = {"app/api/foods.py": "x = 1\n", "app/main.py": _LEFT}, {"app/main.py": _RIGHT}
    return [
        SimilarPair(2, ids[0], ids[1], 0.82, 0.45, fragments, *texts),
        SimilarPair(3, ids[2], ids[3], 0.6, 0.61, fragments),
    ]


def large_class(learners: int = 500, lessons: int = 8) -> Gradebook:
    """A class of the largest size the report is made for, in which no two failing answers are alike."""
    book = sample_gradebook(learners)
    made = [_lesson(number) for number in range(1, lessons + 1)]
    chance = random.Random(7)
    grades = [replace(grade, lessons=tuple(_grades(grade, made, chance))) for grade in book.learners]
    return replace(book, lessons=tuple(made), learners=tuple(grades))


def _lesson(number: int) -> Lesson:
    model = SAMPLE_LESSONS[(number - 1) % len(SAMPLE_LESSONS)]
    exercises = tuple(replace(exercise, lesson=number) for exercise in model.exercises)
    return replace(model, number=number, exercises=exercises)


def _grades(grade: LearnerGrade, lessons: list[Lesson], chance: random.Random) -> Iterator[LessonGrade]:
    for lesson in lessons:
        old = grade.lessons[(lesson.number - 1) % len(grade.lessons)]
        result = old.result
        if result is not None:
            pairs = zip(lesson.exercises, result.exercises, strict=True)
            exercises = tuple(_exercise(exercise, entry, chance) for exercise, entry in pairs)
            result = LessonResult(lesson.number, lesson.title, exercises)
        unstable = tuple(f"{lesson.number}.{name.partition('.')[2]}" for name in old.unstable)
        yield replace(old, lesson=lesson.number, result=result, max_points=lesson.max_points, unstable=unstable)


def _exercise(exercise: Exercise, entry: ExerciseResult, chance: random.Random) -> ExerciseResult:
    checks: list[CheckResult] = []
    for position in range(CHECKS):
        name = f"checks/lesson_{exercise.lesson:02d}/test_{exercise.number}_it.py::test_part_{position}"
        expects = (
            f"GET /things/{exercise.number} answers part {position} of what the contract of {exercise.id} promises"
        )
        passed = entry.verdict is Verdict.PASSED or (entry.verdict is Verdict.FAILED and chance.random() < 0.6)
        message = None if passed else _message(exercise, entry.verdict, expects, chance)
        verdict = Verdict.PASSED if passed else entry.verdict
        checks.append(CheckResult(name, expects, passed, verdict, message, 0.1))
    return replace(entry, exercise=exercise.id, checks=tuple(checks))


def _message(exercise: Exercise, verdict: Verdict, expects: str, chance: random.Random) -> Message:
    file = f"lessons/lesson_{exercise.lesson:02d}/{exercise.files[0]}:{chance.randrange(9, 90)}"
    end = (("Look at", file), ("Stuck?", f"workbook hint {exercise.id}"))
    if verdict is Verdict.CRASHED:
        return Message((("Cannot read", "Python stops at this line: '(' was never closed"), *end), kind="syntax_error")
    number = chance.randrange(10**6)
    answer = {"id": number, "label": f"Soup no {number}", "ingredients": [hex(chance.getrandbits(200)) for _ in "ab"]}
    cause = chance.choice(
        ("200 is what a route answers that names no status_code", f"your code raised KeyError: {number}")
    )
    rows = (("We sent", f"GET /things/{number}"), ("You answered", f"200 {answer}"), ("Expected", f"201: {expects}"))
    return Message((*rows, ("Looks like", cause), *end), kind="status_200")


def figures(page: Page) -> dict[str, Any]:
    """How long the page in the browser took to open, in milliseconds, and of how many elements it is made."""
    return page.evaluate(
        """async () => {
          await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
          const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
          const loaded = performance.getEntriesByType("navigation")[0].loadEventEnd;
          return {paint_ms: Math.round(painted ?? 0), load_ms: Math.round(loaded),
                  elements: document.querySelectorAll("*").length};
        }"""
    )


def main() -> None:
    """Print the figures of the largest class."""
    program = find_chromium()
    book = large_class()
    with TemporaryDirectory() as folder:
        file = Path(folder, "index.html")
        started = time.perf_counter()
        write_report(book, file, sample_pairs(book))
        print(f"{len(book.learners)} learners, {len(book.lessons)} lessons: {file.stat().st_size / 1e6:.2f} MB")
        print(f"written in {time.perf_counter() - started:.2f} s")
        if program is None:
            return
        with chromium(program) as browser:
            for _ in range(3):
                page = browser.new_page(viewport={"width": 1366, "height": 800})
                page.goto(file.as_uri())
                print(figures(page))
                page.close()


if __name__ == "__main__":
    main()
