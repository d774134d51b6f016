"""Run everything that has to hold before a change is good: ``make test``.

Or a part of it: ``make test STEPS="ruff types"``, or one lesson: ``make test LESSON=3``. Steps run side by side as far
as the machine has cores. Each writes to ``artifacts/test/<step>.log``; the output of the first one that fails is shown
in full, and a table of all steps ends the run.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "artifacts" / "test"
STEP_LIMIT = 25 * 60.0
"""Seconds after which a step is taken for hung, and ended."""
LESSON_BUDGET = 60
"""What ``make test LESSON=N`` may take on two cores, in seconds; see the budgets in CONTRIBUTING.md."""
SLOWEST = 10


def tool(name: str) -> str:
    """The program of that name beside this Python."""
    return str(Path(sys.executable).with_name(name + (".exe" if os.name == "nt" else "")))


@dataclass(frozen=True)
class Step:
    """One command that must end with exit code 0."""

    name: str
    shows: str
    """What it proves, for the table."""
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict[str, str])
    cores: int = 1
    """How many cores it keeps busy."""


PYTEST = (sys.executable, "-m", "pytest")
TWO_PROCESSES = ("-n", "2", "--dist", "loadfile")
# Named, because the plugin that loads them on demand belongs to checks/; and a cell that hangs must not hang the run.
NOTEBOOKS = (*PYTEST, "-p", "nbval.plugin", "-p", "xdist.plugin", "--nbval-current-env", "--nbval-cell-timeout", "180")
SAMPLE = ("--no-notebooks", "--sample", "6")
"""``workbook verify N`` without it tries everything, which takes minutes."""
STEPS = (
    # Not lessons: where a learner has not written a column yet, a type is missing too.
    Step("types", "types are right", (tool("basedpyright"), "checks", "solutions")),
    Step("ruff", "no lint", (tool("ruff"), "check", ".")),
    # Starters are cut out of formatted solutions, which need not leave them formatted.
    Step("format", "code is formatted", (tool("ruff"), "format", "--check", "checks", "solutions")),
    # The notebooks' outputs are compared by "notebooks", which has to run them anyway.
    Step("build", "starters and cells are as built", (tool("workbook"), "build", "--check", "--no-notebooks")),
    Step(
        "tests",
        "the tool works",
        (*PYTEST, "checks/tests", *TWO_PROCESSES, "--junitxml", str(LOGS / "tests.xml")),
        cores=2,
    ),
    # The notebooks are run by the two steps below. Of variants and damaged files some, others each time.
    Step("verify", "every lesson is proven", (tool("workbook"), "verify", *SAMPLE), cores=2),
    Step(
        "notebooks",
        "notebooks say what is stored, on the solutions",
        (*NOTEBOOKS, "--nbval", "notebooks", *TWO_PROCESSES),
        env={"WORKBOOK_TARGET": "solutions"},
        cores=2,
    ),
    Step(
        "starters",
        "notebooks run on the starters",
        (*NOTEBOOKS, "--nbval-lax", "notebooks", *TWO_PROCESSES),
        env={"WORKBOOK_TARGET": "lessons"},
        cores=2,
    ),
)


def lesson_steps(number: int) -> tuple[Step, ...]:
    """What has to hold of one lesson: its types, lint and format, what is built of it, its proofs and its notebook.

    Raises:
        FileNotFoundError: there is no such lesson, or it has no notebook yet.
    """
    folder = f"lesson_{number:02d}"
    places = (f"checks/{folder}", f"solutions/{folder}")
    for place in places:
        if not (ROOT / place).is_dir():
            raise FileNotFoundError(f"there is no {place}: workbook new {number} NAME begins a lesson")
    notebook = next(iter(sorted((ROOT / "notebooks").glob(f"{number:02d}_*.ipynb"))), None)
    if notebook is None:
        raise FileNotFoundError(f"lesson {number} has no notebook yet: workbook build {number} makes it")
    name = notebook.relative_to(ROOT).as_posix()
    commands = {
        "types": (tool("basedpyright"), *places),
        "ruff": (tool("ruff"), "check", *places, f"lessons/{folder}"),
        "format": (tool("ruff"), "format", "--check", *places),
        "build": (tool("workbook"), "build", str(number), "--check", "--no-notebooks"),
        "verify": (tool("workbook"), "verify", str(number), *SAMPLE),
        "notebooks": (*NOTEBOOKS, "--nbval", name),
        "starters": (*NOTEBOOKS, "--nbval-lax", name),
    }
    known = {step.name: step for step in STEPS}
    steps = [replace(known[step], command=command, cores=1) for step, command in commands.items()]
    return tuple(sorted(steps, key=lambda step: step.name not in ("notebooks", "verify")))  # the longest ones first


@dataclass
class Run:
    """A step under way, or over."""

    step: Step
    process: subprocess.Popen[bytes]
    started: float
    seconds: float = 0.0
    hung: bool = False

    @property
    def log(self) -> Path:
        """Where its output is."""
        return LOGS / f"{self.step.name}.log"

    @property
    def passed(self) -> bool:
        """Whether it ended, and well."""
        return self.process.poll() == 0 and not self.hung

    def end(self) -> None:
        """End it together with everything that it started."""
        if self.process.poll() is not None:
            return
        if os.name == "nt":
            self.process.kill()
        else:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def main() -> int:
    """Run the chosen steps.

    Returns:
        0 when all passed, 1 when one failed, 2 when a name is unknown.
    """
    parser = argparse.ArgumentParser(prog="make test", description="Run everything that has to hold.")
    parser.add_argument("steps", nargs="*", metavar="STEP", help="; ".join(f"{s.name}: {s.shows}" for s in STEPS))
    parser.add_argument("--lesson", type=int, metavar="N", help="only what concerns one lesson")
    options = parser.parse_args()
    names: list[str] = options.steps
    lesson: int | None = options.lesson
    unknown = sorted(set(names) - {step.name for step in STEPS})
    if unknown:
        parser.error(f"there is no step {unknown[0]}: there are {', '.join(step.name for step in STEPS)}")
    try:
        steps = STEPS if lesson is None else lesson_steps(lesson)
    except FileNotFoundError as missing:
        parser.error(str(missing))
    cast("io.TextIOWrapper", sys.stdout).reconfigure(errors="replace")  # a Windows console may not know the signs

    started = time.monotonic()
    runs = run([step for step in steps if not names or step.name in names], cores=max(2, os.cpu_count() or 1))
    failed = [one for one in runs if not one.passed]
    if failed:
        first = failed[0]
        print(f"\n--- {first.step.name}: {' '.join(first.step.command)}\n")
        print(first.log.read_text(encoding="utf-8", errors="replace").rstrip())
    print()
    for one in runs:
        sign, note = ("✔", "") if one.passed else ("✘", f"  see {one.log.relative_to(ROOT).as_posix()}")
        print(f" {sign} {one.step.name:<10} {one.seconds:4.0f} s   {one.step.shows}{note}")
    if any(one.step.name == "tests" for one in runs):
        print("\n The slowest tests:", *slowest(LOGS / "tests.xml"), sep="\n")
    total = time.monotonic() - started
    budget = f" (the budget is {LESSON_BUDGET} s on two cores)" if lesson is not None and not names else ""
    print(f"\n {len(runs) - len(failed)} of {len(runs)} steps passed in {total:.0f} s{budget}")
    return 1 if failed else 0


def slowest(file: Path) -> list[str]:
    """The tests that took longest, as lines for a person.

    Args:
        file: the JUnit XML that pytest wrote; without one there are no lines.
    """
    if not file.is_file():
        return []
    cases = [(float(case.get("time", 0)), case) for case in ElementTree.parse(file).iter("testcase")]
    longest = sorted(cases, key=lambda entry: -entry[0])[:SLOWEST]
    return [f" {seconds:6.1f} s   {case.get('classname', '')}::{case.get('name', '')}" for seconds, case in longest]


def run(steps: Iterable[Step], *, cores: int) -> list[Run]:
    """Run the steps, each as soon as there are cores for it, and say how each one ended.

    Args:
        steps: what to run; earlier ones start first.
        cores: how many cores the steps of one moment may keep busy.

    Returns:
        All runs, in the order in which they ended.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    waiting, busy, over = list(steps), list[Run](), list[Run]()
    try:
        while waiting or busy:
            for step in list(waiting):
                if step.cores <= cores - sum(one.step.cores for one in busy):
                    waiting.remove(step)
                    busy.append(start(step))
            time.sleep(0.05)
            for one in list(busy):
                one.seconds = time.monotonic() - one.started
                one.hung = one.process.poll() is None and one.seconds > STEP_LIMIT
                if one.hung:
                    one.end()
                    with one.log.open("a", encoding="utf-8") as log:
                        log.write(f"\nIt had not ended after {STEP_LIMIT:.0f} s.\n")
                if one.process.poll() is not None:
                    busy.remove(one)
                    over.append(one)
                    print(f" {'✔' if one.passed else '✘'} {one.step.name:<10} {one.seconds:4.0f} s", flush=True)
    finally:
        for one in busy:
            one.end()
    return over


def start(step: Step) -> Run:
    """Start a step in a process group of its own, writing to its log."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # set in many containers; it makes every import three times slower
    with (LOGS / f"{step.name}.log").open("wb") as log:
        process = subprocess.Popen(
            step.command,
            cwd=ROOT,
            env={**environment, **step.env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=os.name != "nt",
        )
    return Run(step, process, started=time.monotonic())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
