"""Do a learner's own run and the grader say the same? Of every variant of every lesson, and a hundred times over.

    python checks/tests/agreement.py

runs each solution, starter and variant both ways, with the same seed, and compares the verdict of every exercise; then
it grades some of them again and again, and looks for a verdict that flips. It takes minutes, so CI runs it, and
``make test`` does not. The exit code is 0 where everything agrees.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.lesson_works import Work, all_works
from workbook.authoring.runs import Pytest
from workbook.course import Course, find_course
from workbook.grading.pool import LocalPool, settings_for
from workbook.grading.sandbox.available import Sandbox, choose
from workbook.grading.task import GradeTask, WorkerSettings
from workbook.results import LessonResult, report_from_json

SEED = 20_261_122
WORKERS = 2
Verdicts = dict[str, str]


def verdicts(result: LessonResult) -> Verdicts:
    """The verdict and the points of every exercise."""
    return {entry.exercise: f"{entry.verdict.value}, {entry.points:g} points" for entry in result.exercises}


def at_home(course: Course, works: list[Work], scratch: Path) -> list[Verdicts]:
    """What a learner's own run of checks says."""
    pytest = Pytest(course)

    def check(work: Work) -> Verdicts:
        folder = Path(tempfile.mkdtemp(dir=scratch))
        for name, content in work.files.items():
            file = folder / "lessons" / work.lesson.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        report = folder / "report.json"
        arguments = [str(course.checks_dir / work.lesson.folder), "--target", str(folder / "lessons"), f"--seed={SEED}"]
        arguments += ["--report-json", str(report), "-q", "--tb=no", "-p", "no:cacheprovider"]
        pytest.run(arguments, folder / "output.txt")
        return verdicts(report_from_json(json.loads(report.read_text(encoding="utf-8"))).lessons[0])

    with pytest, ThreadPoolExecutor(WORKERS) as threads:
        return list(threads.map(check, works))


def graded(settings: WorkerSettings, works: Iterable[Work]) -> Iterator[tuple[int, Verdicts | str]]:
    """What the grader says, by the position of the work; a fault of ours as text."""
    tasks = ((str(number), GradeTask(work.lesson.number, work.files, SEED)) for number, work in enumerate(works))
    with LocalPool(settings, WORKERS) as pool:
        for key, answer in pool.run(tasks):
            if answer.unstable:
                print(f"unstable, tried twice: {answer.unstable}", flush=True)
            yield int(key), verdicts(answer.result) if answer.result else answer.error


def main() -> int:
    """Compare, and say what differs.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--repeats", type=int, default=100, help="how often some are graded again (default: %(default)s)"
    )
    parser.add_argument("--every", type=int, default=1, help="compare every so-manieth work only (default: all)")
    options = parser.parse_args()
    course = find_course()
    works = list(all_works(course))[:: options.every]
    kept_apart, isolation = choose(Sandbox.AUTO, course.root)
    settings = settings_for(course, [lesson.number for lesson in course.lessons], {}, sandbox=kept_apart)
    print(f"{len(works)} works, graded in: {isolation}", flush=True)

    faults: SimpleQueue[str] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="workbook-agree-") as scratch:
        own = at_home(course, works, Path(scratch))
        doubtful = [number for number, found in graded(settings, works) if found != own[number]]
        # A machine that stalls can spoil a learner's own run, which is not tried twice: both ways once more.
        again = [works[number] for number in doubtful]
        for number, verdict in zip(doubtful, at_home(course, again, Path(scratch)) if again else [], strict=True):
            print(f"once more: {works[number].name}", flush=True)
            own[number] = verdict
    for position, found in graded(settings, again):
        number = doubtful[position]
        if found != own[number]:
            faults.put(f"lesson {works[number].lesson.number}, {works[number].name}: {_difference(own[number], found)}")
    print(f"{len(works) - faults.qsize()} of {len(works)} agree", flush=True)

    chosen = [works[number % len(works)] for number in range(0, options.repeats * 7, 7)]
    expected = [own[number % len(works)] for number in range(0, options.repeats * 7, 7)]
    flips = 0
    for number, found in graded(settings, chosen):
        if found != expected[number]:
            flips += 1
            faults.put(f"flipped: {chosen[number].name}: {_difference(expected[number], found)}")
    print(f"{flips} of {options.repeats} repeats flipped", flush=True)
    failed = not faults.empty()
    while not faults.empty():
        print(faults.get())
    return 1 if failed else 0


def _difference(own: Verdicts, found: Verdicts | str) -> str:
    if isinstance(found, str):
        return found
    return "; ".join(
        f"{name}: {own.get(name)} at home, {found.get(name)} graded" for name in own if own[name] != found.get(name)
    )


if __name__ == "__main__":
    sys.exit(main())
