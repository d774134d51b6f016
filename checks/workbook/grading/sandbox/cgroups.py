"""Control groups: the kernel counts and limits everything that a submission's processes use together.

Memory of every kind (files in memory, shared memory, buffers of sockets and pipes), processes, and a fair share of the
processors however many processes ask for it. ``WorkerGroup`` makes a group for the services of one worker, outside of
the sandbox, where this process may: as root, or under systemd in a scope of its own (``Delegate=yes``).
``ServiceGroup`` is the same group as the worker sees it. Version 2 of the interface and version 1 are both known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbook.grading.sandbox.limits import SandboxLimits
from workbook.grading.sandbox.monitor import too_many_tasks, too_much_memory, too_much_time

INSIDE = Path("/run/cgroups")
"""Where a worker sees the groups of its services."""
_CONTROLLERS = ("memory", "pids", "cpu", "cpuacct")
_UNIFIED = "unified"
_UNIFIED_CONTROLLERS = ("memory", "pids", "cpu")
_TASKS_OVER = 16
"""How many tasks before the limit the monitor ends the jail: at the limit itself, there is only an odd error."""
_PREFIX = "workbook-"


class WorkerGroup:
    """The control group of one worker's services, made and removed by the process that grades."""

    def __init__(self, places: dict[str, Path], *, command_prefix: tuple[str, ...] = ()) -> None:
        self.places = places
        """Folders by their name below ``INSIDE``."""
        self.command_prefix = command_prefix
        """What the worker's command begins with."""

    @classmethod
    def make(cls, limits: SandboxLimits, owner: int, number: int) -> WorkerGroup | None:
        """Make a group with these limits.

        Args:
            limits: of everything in it together.
            owner: the user who may put processes into it.
            number: tells the groups of this process apart.

        Returns:
            None where this process may not make groups, or the kernel lacks a part of them.
        """
        name = f"{_PREFIX}{os.getpid()}-{number}"
        for make in (_make_unified, _make_by_controller):
            with suppress(OSError):
                return make(name, limits, owner)
        return None

    def close(self) -> None:
        """Remove it; every process in it has ended."""
        for place in self.places.values():
            _remove(place)


def _make_unified(name: str, limits: SandboxLimits, owner: int) -> WorkerGroup:
    top = _mounted("cgroup2")[""]
    if os.getuid() != 0:
        top = top / _own()[""].lstrip("/")
        # Version 2 allows processes in leaves only: this one and its like move into one of their own.
        leaf = top / "grader"
        leaf.mkdir(exist_ok=True)
        for pid in (top / "cgroup.procs").read_text(encoding="ascii").split():
            (leaf / "cgroup.procs").write_text(pid, encoding="ascii")
    _sweep(top)
    _enable(top)
    place = top / name
    place.mkdir()
    try:
        _enable(place)
        worker, services = place / "worker", place / "services"
        for group in (worker, services):
            group.mkdir()
        _limit(services, {"memory.max": limits.memory, "pids.max": limits.tasks})
        with suppress(FileNotFoundError):  # where the kernel does not account for swap
            _limit(services, {"memory.swap.max": 0})
        for group in (place, worker, services):
            os.chown(group / "cgroup.procs", owner, owner)
    except OSError:
        _remove(place)
        raise
    enter = ("/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(worker / "cgroup.procs"))
    return WorkerGroup({_UNIFIED: place}, command_prefix=enter)


def _make_by_controller(name: str, limits: SandboxLimits, owner: int) -> WorkerGroup:
    mounts, own = _mounted("cgroup"), _own()
    places: dict[str, Path] = {}
    try:
        for controller in _CONTROLLERS:
            if controller not in mounts:
                raise OSError(f"no control groups of {controller}")
            top = mounts[controller] / own[controller].lstrip("/")
            _sweep(top)
            place = top / name
            place.mkdir(exist_ok=True)  # cpu and cpuacct may be one hierarchy
            places[controller] = place
            os.chown(place / "cgroup.procs", owner, owner)
        _limit(places["memory"], {"memory.limit_in_bytes": limits.memory})
        for optional in ("memory.memsw.limit_in_bytes", "memory.kmem.tcp.limit_in_bytes"):
            with suppress(FileNotFoundError):
                _limit(places["memory"], {optional: limits.memory})
        _limit(places["pids"], {"pids.max": limits.tasks})
    except OSError:
        for place in places.values():
            _remove(place)
        raise
    return WorkerGroup(places)


def _limit(group: Path, values: dict[str, int]) -> None:
    for file, value in values.items():
        # Not to be created: a file that is not there is a limit that is not known.
        with (group / file).open("r+b", buffering=0) as stream:
            stream.write(str(value).encode())


def _enable(group: Path) -> None:
    controllers = (group / "cgroup.subtree_control").read_text(encoding="ascii").split()
    missing = [name for name in _UNIFIED_CONTROLLERS if name not in controllers]
    if missing:
        text = " ".join(f"+{name}" for name in missing)
        (group / "cgroup.subtree_control").write_text(text, encoding="ascii")


def _remove(group: Path) -> None:
    with suppress(OSError):
        for child in [entry for entry in group.iterdir() if entry.is_dir()]:
            _remove(child)
        group.rmdir()


def _sweep(top: Path) -> None:
    """Remove the groups of processes that were killed."""
    for group in top.glob(f"{_PREFIX}*"):
        pid = group.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            _remove(group)


def _mounted(kind: str) -> dict[str, Path]:
    """Where hierarchies are mounted, by controller; version 2 is ``""``."""
    found: dict[str, Path] = {}
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, what, options, *_ = line.split()
        if what == kind:
            for name in [""] if kind == "cgroup2" else options.split(","):
                found.setdefault(name, Path(place))
    if not found:
        raise OSError(f"no {kind} is mounted")
    return found


def _own() -> dict[str, str]:
    """The groups of this process, by controller; version 2 is ``""``."""
    lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    return {name: line.split(":", 2)[2] for line in lines for name in line.split(":", 2)[1].split(",")}


@dataclass(frozen=True)
class Membership:
    """Open files, by which a process joins a group when it can no longer see it."""

    files: tuple[int, ...]

    def join(self) -> None:
        """Move this process, and with it all that it will start; then close the files."""
        for file in self.files:
            os.write(file, b"0")
            os.close(file)


@dataclass(frozen=True)
class _Counter:
    """A number that the kernel keeps in a file."""

    file: Path
    pattern: re.Pattern[bytes]
    unit: float = 1.0

    def read(self, descriptor: int | None = None) -> float:
        """The number now; from an open file where the path cannot be seen any more."""
        text = self.file.read_bytes() if descriptor is None else os.pread(descriptor, 8192, 0)
        match = self.pattern.search(text)
        return float(match[1]) * self.unit if match else 0.0


class ServiceGroup:
    """The group of a worker's services, as the worker's host sees it."""

    def __init__(self, joined: tuple[Path, ...], killed: _Counter, tasks: _Counter, seconds: _Counter) -> None:
        self._joined = joined
        self._counters = (killed, tasks, seconds)
        self._before = (0.0, 0.0)

    @classmethod
    def find(cls) -> ServiceGroup | None:
        """The group; None where there is none."""
        number = re.compile(rb"(\d+)")
        unified = INSIDE / _UNIFIED / "services"
        if unified.is_dir():
            return cls(
                (unified,),
                _Counter(unified / "memory.events", re.compile(rb"^oom_kill (\d+)", re.MULTILINE)),
                _Counter(unified / "pids.current", number),
                _Counter(unified / "cpu.stat", re.compile(rb"usage_usec (\d+)"), 1e-6),
            )
        groups = [INSIDE / name for name in _CONTROLLERS]
        if not all(group.is_dir() for group in groups):
            return None
        memory, pids, _, cpuacct = groups
        return cls(
            tuple(groups),
            _Counter(memory / "memory.oom_control", re.compile(rb"^oom_kill (\d+)", re.MULTILINE)),
            _Counter(pids / "pids.current", number),
            _Counter(cpuacct / "cpuacct.usage", number, 1e-9),
        )

    def begin(self) -> None:
        """Count from here."""
        killed, _, seconds = self._counters
        self._before = (killed.read(), seconds.read())

    def open(self, limits: SandboxLimits) -> tuple[GroupUsage, Membership]:
        """What the monitor reads, and what the service joins by, in open files."""
        usage = GroupUsage(limits, self._counters, tuple(self._opened()), self._before)
        return usage, Membership(tuple(os.open(group / "cgroup.procs", os.O_WRONLY) for group in self._joined))

    def _opened(self) -> Iterator[int]:
        return (os.open(counter.file, os.O_RDONLY) for counter in self._counters)


class GroupUsage:
    """What the kernel counts of a submission's processes. See ``monitor.Usage``."""

    def __init__(
        self,
        limits: SandboxLimits,
        counters: tuple[_Counter, _Counter, _Counter],
        files: tuple[int, ...],
        before: tuple[float, float],
    ) -> None:
        self._limits = limits
        self._counters = counters
        self._files = files
        self._before = before

    def excess(self) -> str:
        """Which limit the processes exceed together."""
        killed, tasks, seconds = (counter.read(file) for counter, file in zip(self._counters, self._files, strict=True))
        if killed > self._before[0]:
            return too_much_memory(self._limits)
        if tasks >= self._limits.tasks - _TASKS_OVER:
            return too_many_tasks(self._limits)
        return too_much_time(self._limits) if seconds - self._before[1] > self._limits.processor else ""
