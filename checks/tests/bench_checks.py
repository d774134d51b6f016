"""How long a run of checks takes, against the least it could take: the import of what the learner's app imports.

    python checks/tests/bench_checks.py

measures ``pytest checks/lesson_03 --target solutions`` and ``python -c "import fastapi, sqlalchemy, uvicorn"`` by
turns in one run, whole processes from start to end, with bytecode compiled for both. It is no test: it asserts
nothing. The figures mean something on an idle machine only; the ratio of neighbouring runs means most.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOOR = (sys.executable, "-c", "import fastapi, sqlalchemy, uvicorn")
WARM_UPS = 2
PHASES = {
    "plugin_imported": "interpreter, pytest and the plugin are imported",
    "host_started": "the service's process is started",
    "first_check": "checks are collected, the first one begins",
    "service_ready": "the service answers",
    "last_check": "all checks are done",
    "exit": "the report is written, everything is stopped",
    "end": "the process is gone",
}
"""What is over when the plugin notes each phase; ``end`` is noted here."""


@dataclass(frozen=True)
class Sample:
    """One run of a process, in seconds."""

    wall: float
    cpu: float
    """Of the process and of all its children that it waited for."""
    phases: dict[str, float] = field(default_factory=dict[str, float])
    """When each phase was over, counted from the start."""


class RunFailed(Exception):
    """The measured command failed, so its time means nothing."""


def cpu_of_children() -> float:
    """CPU seconds of all processes that this one has waited for; 0 where the system does not tell (Windows)."""
    times = os.times()
    return times.children_user + times.children_system


def measure(command: Sequence[str], env: dict[str, str], timings: Path) -> Sample:
    """Run a command to its end.

    Args:
        command: the command.
        env: its environment.
        timings: the file in which the plugin notes its phases.

    Raises:
        RunFailed: it ended with another code than 0.
    """
    timings.unlink(missing_ok=True)
    cpu, began, began_clock = cpu_of_children(), time.time(), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    wall = time.perf_counter() - began_clock
    if done.returncode != 0:
        raise RunFailed(f"{' '.join(command)}\n{done.stdout.decode(errors='replace')}")
    phases = read_phases(timings, began)
    return Sample(wall, cpu_of_children() - cpu, phases | {"end": wall} if phases else {})


def read_phases(timings: Path, began: float) -> dict[str, float]:
    """When each phase was over, in seconds since ``began``; a phase that is noted for each check counts once.

    The first note counts, and for ``last_check`` and ``exit`` the last one.
    """
    phases: dict[str, float] = {}
    if timings.exists():
        for line in timings.read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            if note["phase"] not in phases or note["phase"] in ("last_check", "exit"):
                phases[note["phase"]] = note["t"] - began
    return phases


def spread(values: Sequence[float], unit: str = "") -> str:
    """The median with the middle half and the extremes."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    half, every = f"{low:.2f} to {high:.2f}", f"{min(values):.2f} to {max(values):.2f}"
    return f"{middle:.2f}{unit}   half of all {half}, all {every}"


def show_phases(samples: Sequence[Sample]) -> None:
    """Print where the time of the checks goes: medians, in the order in which the phases end."""
    names = [name for name in samples[0].phases if all(name in sample.phases for sample in samples)]
    if not names:
        print("\nNo phases were noted: this plugin does not know WORKBOOK_TIMINGS.")
        return
    ends = {name: statistics.median(sample.phases[name] for sample in samples) for name in names}
    print("\nWhere the time goes (seconds, medians)\n    took  until")
    before = 0.0
    for name, end in sorted(ends.items(), key=lambda item: item[1]):
        print(f"  {end - before:6.3f} {end:6.3f}  {PHASES.get(name, name)}")
        before = end


def main() -> int:
    """Measure and print.

    Returns:
        The exit code: 0, or 2 where the measured command failed.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="how often both are run (default: %(default)s)")
    parser.add_argument("--lesson", type=int, default=3, help="whose checks (default: %(default)s)")
    parser.add_argument("--target", default="solutions", help="whose work (default: %(default)s)")
    options = parser.parse_args()
    rounds = max(2, options.rounds)

    script = Path(sys.executable).with_name("pytest")
    pytest = [str(script)] if script.exists() else [sys.executable, "-m", "pytest"]
    checks = [*pytest, f"checks/lesson_{options.lesson:02d}", "--target", options.target]
    with tempfile.TemporaryDirectory(prefix="workbook-bench-") as scratch:
        timings = Path(scratch) / "timings.jsonl"
        # Without bytecode each run would compile every library again, and only that would be measured.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env["WORKBOOK_TIMINGS"] = str(timings)
        floor_samples: list[Sample] = []
        samples: list[Sample] = []
        try:
            for number in range(-WARM_UPS, rounds):
                floor, sample = measure(FLOOR, env, timings), measure(checks, env, timings)
                if number >= 0:
                    floor_samples.append(floor)
                    samples.append(sample)
        except RunFailed as failure:
            print(f"This ended with an error, so there is nothing to measure:\n{failure}", file=sys.stderr)
            return 2

    shown = " ".join(["pytest", *checks[len(pytest) :]])
    print(f"{rounds} rounds by turns, after {WARM_UPS} to warm up, on {os.cpu_count()} processors")
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 1.5:
        print(f"The machine is not idle (load {os.getloadavg()[0]:.1f}): do not trust these figures.")
    for title, measured in (("import floor", floor_samples), (shown, samples)):
        print(f"\n{title}")
        print(f"  wall  {spread([one.wall for one in measured], ' s')}")
        print(f"  CPU   {spread([one.cpu for one in measured], ' s')}")
    print("\nChecks against the floor, round by round")
    pairs = list(zip(samples, floor_samples, strict=True))
    print(f"  wall  {spread([one.wall / floor.wall for one, floor in pairs])}")
    if all(floor.cpu > 0 for floor in floor_samples):
        print(f"  CPU   {spread([one.cpu / floor.cpu for one, floor in pairs])}")
    show_phases(samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
