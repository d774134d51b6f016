"""Do a learner's own run and the grader say the same? Of every variant of every lesson, and a hundred times over.

    python checks/tests/agreement.py
    python checks/tests/agreement.py --sample 15 --repeats 40

runs each solution, starter and variant both ways, with the same seed, and compares the verdict of every exercise; then
it grades some of them again and again, and looks for a verdict that flips. All of them take half an hour, so CI takes
a sample of each lesson, another one each time. The exit code is 0 where everything agrees.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.lesson_works import Work, all_works
from workbook.authoring.runs import Pytest
from workbook.course.model import Course, find_course
from workbook.course.results import LessonResult, report_from_json
from workbook.grading.run.pool import LocalPool, settings_for
from workbook.grading.run.task import GradeTask, WorkerSettings
from workbook.grading.sandbox.available import Sandbox, choose

WORKERS = 2
Verdicts = dict[str, str]


def verdicts(result: LessonResult) -> Verdicts:
    """The verdict and the points of every exercise."""
    return {entry.exercise: f"{entry.verdict.value}, {entry.points:g} points" for entry in result.exercises}


def at_home(course: Course, works: list[Work], scratch: Path, seed: int) -> list[Verdicts]:
    """What a learner's own run of checks says."""
    pytest = Pytest(course)

    def check(work: Work) -> Verdicts:
        folder = Path(tempfile.mkdtemp(dir=scratch))
        for name, content in work.files.items():
            file = folder / "lessons" / work.lesson.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        report = folder / "report.json"
        arguments = [str(course.checks_dir / work.lesson.folder), "--target", str(folder / "lessons"), f"--seed={seed}"]
        arguments += ["--report-json", str(report), "-q", "--tb=no", "-p", "no:cacheprovider"]
        pytest.run(arguments, folder / "output.txt")
        return verdicts(report_from_json(json.loads(report.read_text(encoding="utf-8"))).lessons[0])

    with pytest, ThreadPoolExecutor(WORKERS) as threads:
        return list(threads.map(check, works))


def graded(settings: WorkerSettings, works: Iterable[Work], seed: int) -> Iterator[tuple[int, Verdicts | str]]:
    """What the grader says, by the position of the work; a fault of ours as text."""
    tasks = ((str(number), GradeTask(work.lesson.number, work.files, seed)) for number, work in enumerate(works))
    with LocalPool(settings, WORKERS) as pool:
        for key, answer in pool.run(tasks):
            if answer.unstable:
                print(f"unstable, tried twice: {answer.unstable}", flush=True)
            yield int(key), verdicts(answer.result) if answer.result else answer.error


def chosen_works(course: Course, sample: int | None, rng: random.Random) -> list[Work]:
    """All works, or of each lesson the solution, the starter and as many variants as the sample has room for."""
    works = list(all_works(course))
    if sample is None:
        return works
    chosen: list[Work] = []
    for lesson in course.lessons:
        solution, starter, *variants = (work for work in works if work.lesson.number == lesson.number)
        chosen += [solution, starter, *rng.sample(variants, min(len(variants), max(0, sample - 2)))]
    return chosen


def main() -> int:
    """Compare, and say what differs.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--repeats", type=int, default=100, help="how often some are graded again (default: %(default)s)"
    )
    parser.add_argument("--sample", type=int, help="compare so many works of each lesson only, chosen by the seed")
    parser.add_argument("--seed", type=int, help="of the sample and of the checks' inputs (default: another each time)")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**31)
    print(f"The seed of this run is {seed}.", flush=True)
    course = find_course()
    works = chosen_works(course, options.sample, random.Random(seed))
    isolation = choose(Sandbox.AUTO, course.root)
    settings = settings_for(course, [lesson.number for lesson in course.lessons], {}, sandbox=isolation.jailed)
    print(f"{len(works)} works, graded in: {isolation.text}", flush=True)

    faults: SimpleQueue[str] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="workbook-agree-") as scratch:
        own = at_home(course, works, Path(scratch), seed)
        doubtful = [number for number, found in graded(settings, works, seed) if found != own[number]]
        # A machine that stalls can spoil a learner's own run, which is not tried twice: both ways once more.
        again = [works[number] for number in doubtful]
        for number, verdict in zip(doubtful, at_home(course, again, Path(scratch), seed) if again else [], strict=True):
            print(f"once more: {works[number].name}", flush=True)
            own[number] = verdict
    for position, found in graded(settings, again, seed):
        number = doubtful[position]
        if found != own[number]:
            faults.put(f"lesson {works[number].lesson.number}, {works[number].name}: {_difference(own[number], found)}")
    print(f"{len(works) - faults.qsize()} of {len(works)} agree", flush=True)

    chosen = [works[number % len(works)] for number in range(0, options.repeats * 7, 7)]
    expected = [own[number % len(works)] for number in range(0, options.repeats * 7, 7)]
    flips = 0
    for number, found in graded(settings, chosen, seed):
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
