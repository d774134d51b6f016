"""Run everything that has to hold before a change is good: ``make test``, or a part: ``make test STEPS="ruff types"``.

Steps run side by side as far as the machine has cores. Each writes to ``artifacts/test/<step>.log``; the output of the
first one that fails is shown in full, and a table of all steps ends the run.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "artifacts" / "test"
STEP_LIMIT = 15 * 60.0
"""Seconds after which a step is taken for hung, and ended."""


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
    # The notebooks are run by the two steps below.
    Step("verify", "every lesson is proven", (tool("workbook"), "verify", "--no-notebooks"), cores=2),
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
    names: list[str] = parser.parse_args().steps
    unknown = sorted(set(names) - {step.name for step in STEPS})
    if unknown:
        parser.error(f"there is no step {unknown[0]}: there are {', '.join(step.name for step in STEPS)}")
    cast("io.TextIOWrapper", sys.stdout).reconfigure(errors="replace")  # a Windows console may not know the signs

    started = time.monotonic()
    runs = run([step for step in STEPS if not names or step.name in names], cores=max(2, os.cpu_count() or 1))
    failed = [one for one in runs if not one.passed]
    if failed:
        first = failed[0]
        print(f"\n--- {first.step.name}: {' '.join(first.step.command)}\n")
        print(first.log.read_text(encoding="utf-8", errors="replace").rstrip())
    print()
    for one in runs:
        sign, note = ("✔", "") if one.passed else ("✘", f"  see {one.log.relative_to(ROOT).as_posix()}")
        print(f" {sign} {one.step.name:<10} {one.seconds:4.0f} s   {one.step.shows}{note}")
    total = time.monotonic() - started
    print(f"\n {len(runs) - len(failed)} of {len(runs)} steps passed in {total:.0f} s")
    return 1 if failed else 0


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
