"""Process 1 of a jail: it watches what the service and its children use, and with it, all of them end.

Where the machine gives control groups, the kernel counts and this only reads. Elsewhere the processes are counted here.
"""

from __future__ import annotations

import mmap
import os
import resource
import select
import signal
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Never, Protocol

from workbook.grading.sandbox import kernel
from workbook.grading.sandbox.limits import MEGABYTE, SandboxLimits

_WATCH_SECONDS = 0.025
_TASKS_UNSEEN = 16
"""Tasks that the kernel may count and the monitor not see: those that are just ending."""
_SESSIONS = 16
"""Linux shares processor time among sessions first, so who opens many takes that of others."""
_OPEN_FILES = 2048
"""Of all processes together: what a buffer of the kernel is behind."""
_CAP_SYS_PTRACE = 19
_SLOT, _SLOTS = struct.Struct("d"), 1024
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Usage(Protocol):
    """Knows what a jail uses."""

    def excess(self) -> str:
        """Which limit it exceeds, in words; empty where none."""
        ...


def watch(service: int, usage: Usage, report: int) -> Never:
    """Wait for the service, and end everything when it ends or takes too much.

    Args:
        service: its process.
        usage: what is counted.
        report: a pipe, to which the exit report goes: its status, and the limit that it broke.
    """
    kernel.drop_capabilities(_CAP_SYS_PTRACE)  # to read the memory use of processes of another user
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    excess = ""
    status: int | None = None
    ended = os.pidfd_open(service)
    while status is None:
        select.select([ended], [], [], _WATCH_SECONDS)
        with suppress(ChildProcessError):
            while status is None:
                pid, result = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == service:
                    status = os.waitstatus_to_exitcode(result)
        # Asked once more behind its end: the kernel may have ended it for what it took.
        if excess := usage.excess():
            status = -signal.SIGKILL
    os.write(report, f"{status} {excess}".encode())
    os._exit(0)  # and with process 1, the kernel ends every other one


@dataclass(frozen=True)
class _Process:
    """What the kernel says of one process."""

    session: int
    threads: int
    seconds: float
    """Of processor time, its own and that of the children it waited for."""
    resident: int

    @classmethod
    def read(cls, place: Path) -> _Process:
        """Read ``/proc/N/stat``; the name of a program may hold blanks and brackets."""
        words = (place / "stat").read_bytes().rpartition(b")")[2].split()
        return cls(int(words[3]), int(words[17]), sum(map(int, words[11:15])) / _TICKS, int(words[21]) * _PAGE)


class Meter:
    """Processor time of all services of a submission: memory that the host shares with every monitor.

    The kernel's own sums do not do: they leave out processes that end because their namespace ends.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SLOTS * _SLOT.size)
        self._slot = 0

    def clear(self) -> None:
        """Count from nothing."""
        self._memory[:] = bytes(len(self._memory))

    def begin(self) -> None:
        """Called in a process of a new jail that the host knows: its number names the jail's own part."""
        self._slot = os.getpid() % _SLOTS

    def note(self, seconds: float) -> float:
        """Note what this jail has used so far.

        Returns:
            What all jails of the submission have used.
        """
        _SLOT.pack_into(self._memory, self._slot * _SLOT.size, seconds)
        return sum(value for (value,) in _SLOT.iter_unpack(self._memory))

    def close(self) -> None:
        """Give the memory away, before learner code runs."""
        self._memory.close()


class CountedUsage:
    """Counts the processes of this process's namespace."""

    def __init__(self, limits: SandboxLimits, meter: Meter, in_memory: Iterable[Path]) -> None:
        """Nothing is counted yet.

        Args:
            limits: what they may use together.
            meter: of the submission.
            in_memory: a place in each file system that they write to.
        """
        self._limits = limits
        self._meter = meter
        self._in_memory = tuple(in_memory)

    def excess(self) -> str:
        """Which limit the processes exceed together."""
        limits = self._limits
        others = [place for place in Path("/proc").iterdir() if place.name.isdigit() and place.name != "1"]
        most = limits.tasks - _TASKS_UNSEEN
        if len(others) >= most:  # there is no time to look at each: they all want the processor
            return too_many_tasks(limits)
        found: list[_Process] = []
        for place in others:
            with suppress(OSError, ValueError, IndexError):  # it has just ended
                found.append(_Process.read(place))
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        if sum(entry.threads for entry in found) >= most:
            return too_many_tasks(limits)
        if len({entry.session for entry in found}) > _SESSIONS:
            return f"more than {_SESSIONS} sessions of processes"
        seconds = own.ru_utime + own.ru_stime + sum(entry.seconds for entry in found)
        if self._meter.note(seconds) > limits.processor:
            return too_much_time(limits)
        free = limits.memory - sum(map(_written, self._in_memory))
        if sum(entry.resident for entry in found) > free and sum(map(_share, others)) > free:
            return too_much_memory(limits)
        if sum(map(_open_files, others)) > _OPEN_FILES:
            return f"more than {_OPEN_FILES} open files and connections in all its processes"
        return ""


def too_many_tasks(limits: SandboxLimits) -> str:
    """The limit in words."""
    return f"more than {limits.tasks} processes and threads"


def too_much_time(limits: SandboxLimits) -> str:
    """The limit in words."""
    return f"more than {limits.processor} seconds of processor time"


def too_much_memory(limits: SandboxLimits) -> str:
    """The limit in words."""
    return f"more than {limits.memory // MEGABYTE} MB of memory"


def _share(process: Path) -> int:
    """Bytes of memory of a process, with its share of what it shares with others."""
    with suppress(OSError, ValueError):
        for line in (process / "smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _written(place: Path) -> int:
    """Bytes that lie in a file system."""
    found = os.statvfs(place)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def _open_files(process: Path) -> int:
    with suppress(OSError):
        return sum(1 for _ in (process / "fd").iterdir())
    return 0
