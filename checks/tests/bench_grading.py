"""How fast is the grader, and what does isolation cost?

    python checks/tests/bench_grading.py
    python checks/tests/bench_grading.py --isolation        what isolation costs, for each lesson
    python checks/tests/bench_grading.py --learners 300     times a whole class of all lessons, once

The first compares, in one run and by turns: a plain loop, which is one ``pytest`` process for each submission with the
checks in the app's own process (see ``plain_checks.py``); one worker in its sandbox; one worker without; two
workers. All of them but the last are kept on one core. It takes the lessons whose checks a plain loop can run at all,
those without a database, and leaves out one check that it cannot. It is no test: it asserts nothing, and its figures
mean something on an idle machine only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.lesson_works import Work, all_works
from tests.plain_checks import LESSON, SCRATCH, TARGET
from workbook.course.model import Course, find_course
from workbook.grading.run.pool import LocalPool, settings_for
from workbook.grading.run.task import GradeTask
from workbook.grading.sandbox.available import Sandbox, choose

ROOT = Path(__file__).resolve().parents[2]
SEED = 7
_PLAIN_CANNOT = "not unreadable_setting"
_SAMPLE_SECONDS = 0.5
TITLES = {
    "plain": "plain loop, a pytest process each, one core",
    "sandbox": "one worker in its sandbox, one core",
    "no sandbox": "one worker without a sandbox, one core",
    "two": "two workers in their sandboxes, two cores",
}


@dataclass(frozen=True)
class Measured:
    """One way of grading, once."""

    seconds: float
    grades: int

    @property
    def per_minute(self) -> float:
        """Lesson-grades a minute."""
        return self.grades / self.seconds * 60


@contextmanager
def on_cores(count: int) -> Generator[None]:
    """Keep every thread of this process, and whatever it starts, on so many processors."""
    allowed = os.sched_getaffinity(0)
    some = set(sorted(allowed)[:count])
    for chosen, block in ((some, True), (allowed, False)):
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), chosen)
        if block:
            yield


def plain_loop(course: Course, works: Sequence[Work], scratch: Path) -> Measured:
    """One process of pytest after the other."""
    checks = scratch / "plain"
    for lesson in {work.lesson.folder for work in works}:
        shutil.copytree(course.checks_dir / lesson, checks / lesson / "checks" / lesson, dirs_exist_ok=True)
    places = [_write(work, scratch / "targets" / str(number)) for number, work in enumerate(works)]
    began = time.perf_counter()
    for work, place in zip(works, places, strict=True):
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env |= {TARGET: str(place), LESSON: str(work.lesson.number), SCRATCH: str(scratch)}
        env |= {"WORKBOOK_ROOT": str(course.root), "PYTHONPATH": str(course.checks_dir)}
        options = ["--disable-plugin-autoload", "-p", "tests.plain_checks", "--import-mode=importlib"]
        options += ["-q", "--tb=no", "-p", "no:cacheprovider", "-k", _PLAIN_CANNOT, "checks"]
        folder = checks / work.lesson.folder
        command = [sys.executable, "-m", "pytest", *options]
        subprocess.run(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, check=False)
    return Measured(time.perf_counter() - began, len(works))


def graded(course: Course, works: Sequence[Work], *, workers: int, sandbox: bool) -> Measured:
    """The grader, without the workers' start and their first grade of each lesson: a class has hundreds."""
    settings = settings_for(course, sorted({work.lesson.number for work in works}), {}, sandbox=sandbox)
    tasks = [(str(number), GradeTask(work.lesson.number, work.files, SEED)) for number, work in enumerate(works)]
    first = {task.lesson: task for _, task in tasks}
    with LocalPool(settings, workers) as pool:
        for task in first.values():
            list(pool.run([(f"warm-up {number}", task) for number in range(workers)]))
        began = time.perf_counter()
        list(pool.run(tasks))
        return Measured(time.perf_counter() - began, len(works))


def _write(work: Work, folder: Path) -> Path:
    for name, content in work.files.items():
        file = folder / work.lesson.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def compare(course: Course, rounds: int, count: int) -> None:
    """Measure the ways by turns, and print their ratios."""
    possible = [work for work in all_works(course) if not work.lesson.uses_database]
    works = possible[:: max(1, len(possible) // count)][:count]
    isolation = choose(Sandbox.AUTO, course.root)
    print(f"{rounds} rounds of {len(works)} lesson-grades, on {os.cpu_count()} processors")
    print(f"isolation: {isolation.text}")
    if os.getloadavg()[0] > 1.5:
        print(f"The machine is not idle (load {os.getloadavg()[0]:.1f}): do not trust these figures.")
    found: dict[str, list[Measured]] = {name: [] for name in TITLES}
    for number in range(rounds):
        with on_cores(1):
            with tempfile.TemporaryDirectory(prefix="workbook-bench-") as scratch:
                found["plain"].append(plain_loop(course, works, Path(scratch)))
            found["sandbox"].append(graded(course, works, workers=1, sandbox=isolation.jailed))
            found["no sandbox"].append(graded(course, works, workers=1, sandbox=False))
        with on_cores(2):
            found["two"].append(graded(course, works * 2, workers=2, sandbox=isolation.jailed))
        print(f"round {number + 1} done", flush=True)
    print(f"\n{'':<46} a minute   s each")
    for name, title in TITLES.items():
        rate = statistics.median(one.per_minute for one in found[name])
        print(f"{title:<46} {rate:8.1f} {60 / rate:8.2f}")

    def ratio(one: str, other: str) -> float:
        pairs = zip(found[one], found[other], strict=True)
        return statistics.median(first.per_minute / second.per_minute for first, second in pairs)

    print(f"\non one core, against the plain loop            {ratio('sandbox', 'plain'):.2f}")
    print(f"share of the time that isolation costs         {1 - ratio('sandbox', 'no sandbox'):.0%}")
    print(f"efficiency from one to two workers and cores   {ratio('two', 'sandbox') / 2:.0%}")


def isolation_costs(course: Course, rounds: int, count: int) -> None:
    """Grade the solution of each lesson on one core, by turns with the sandbox and without."""
    isolation = choose(Sandbox.AUTO, course.root)
    print(f"{rounds} rounds of {count} lesson-grades of each lesson; load {os.getloadavg()[0]:.1f}")
    print(f"isolation: {isolation.text}")
    print(f"\n{'':<10} with, a minute   without   isolation costs")
    for lesson in course.lessons:
        solutions = [work for work in all_works(course) if work.lesson is lesson and work.name == "solution"]
        found: dict[bool, list[Measured]] = {True: [], False: []}
        with on_cores(1):
            for _ in range(rounds):
                for sandbox, measured in found.items():
                    measured.append(graded(course, solutions * count, workers=1, sandbox=sandbox and isolation.jailed))
        pairs = list(zip(found[True], found[False], strict=True))
        cost = statistics.median(1 - one.per_minute / other.per_minute for one, other in pairs)
        rates = [statistics.median(one.per_minute for one in measured) for measured in found.values()]
        print(f"lesson {lesson.number:<3} {rates[0]:14.1f} {rates[1]:9.1f} {cost:15.0%}", flush=True)


class MemoryWatch(threading.Thread):
    """Samples the memory of this process and all below it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._ended = threading.Event()

    def run(self) -> None:
        """Sample until told to stop."""
        while not self._ended.wait(_SAMPLE_SECONDS):
            total = 0
            for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:  # it has just ended
                    continue
            self.peak = max(self.peak, total)

    def stop(self) -> None:
        """Stop sampling."""
        self._ended.set()
        self.join()


def whole_class(course: Course, learners: int, workers: int) -> None:
    """Time a class of all lessons, none of whose works are the same."""
    by_lesson = [[work for work in all_works(course) if work.lesson is lesson] for lesson in course.lessons]
    tasks: list[tuple[str, GradeTask]] = []
    for number in range(learners):
        for works in by_lesson:
            work = works[number % len(works)]
            files = dict(work.files) | {"learner.txt": str(number).encode()}
            tasks.append((f"{number} {work.lesson.number}", GradeTask(work.lesson.number, files, SEED)))
    isolation = choose(Sandbox.AUTO, course.root)
    settings = settings_for(course, [lesson.number for lesson in course.lessons], {}, sandbox=isolation.jailed)
    print(f"{learners} learners × {len(by_lesson)} lessons, {workers} workers; isolation: {isolation.text}", flush=True)
    watch = MemoryWatch()
    watch.start()
    errors, began = 0, time.perf_counter()
    with LocalPool(settings, workers) as pool:
        for done, (_, answer) in enumerate(pool.run(tasks), 1):
            errors += answer.result is None
            if done % 100 == 0:
                print(f"  {done} of {len(tasks)} after {time.perf_counter() - began:.0f} s", flush=True)
    seconds = time.perf_counter() - began
    watch.stop()
    print(
        f"{len(tasks)} lesson-grades in {seconds:.0f} s, {len(tasks) / seconds * 60:.0f} a minute, "
        f"{errors} grader errors"
    )
    print(f"peak memory of all processes, shared parts counted once: {watch.peak / 2**20:.0f} MB")


def main() -> int:
    """Measure and print.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured (default: %(default)s)")
    parser.add_argument("--grades", type=int, default=12, help="lesson-grades of a round (default: %(default)s)")
    parser.add_argument("--isolation", action="store_true", help="compare with and without, for each lesson, instead")
    parser.add_argument("--learners", type=int, help="time a class of so many instead")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="for a class (default: %(default)s)")
    options = parser.parse_args()
    course = find_course(ROOT)
    if options.learners:
        whole_class(course, options.learners, options.workers)
    elif options.isolation:
        isolation_costs(course, options.rounds, options.grades)
    else:
        compare(course, options.rounds, options.grades)
    return 0


if __name__ == "__main__":
    sys.exit(main())
