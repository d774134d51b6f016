"""The inner wall: a process that is about to become a service closes itself in, before it reads any learner code.

Three processes come of it. The outermost waits, outside of all that follows, and tells the host how it ended. In the
middle, as process 1 of a process namespace, a warden watches memory and processes; when it ends, the kernel ends every
process of the cage, double forks and new sessions included. The innermost is the service, which

- sees the Python installation and the submission, read-only, and its scratch folder: nothing else is in its file system
- shares the worker's network, in which there is nothing but the upstream that the checks run, and no process of others
- has no capability, a filter of system calls, Landlock, and limits

Whatever cannot be set up ends the process: nothing runs in half a cage.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbook.grading.sandbox import kernel, landlock, seccomp
from workbook.service.spec import Spec

MEGABYTE = 1024 * 1024
USER = 1000
"""Whom the service takes itself for."""

_DEVICES = ("null", "zero", "full", "random", "urandom")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_SETTINGS = ("/etc/localtime", "/etc/mime.types", "/etc/ld.so.cache")
"""What libraries read to name time zones and types of files."""
_WATCH_SECONDS = 0.025
_NEWS_BYTES = 4096
_TASKS_UNSEEN = 16
"""Tasks that the kernel may count and the warden not see: of the cage itself, and those that are just ending."""


@dataclass(frozen=True)
class CageLimits:
    """What one service may use. Sizes in bytes, times in seconds."""

    memory: int = 512 * MEGABYTE
    """Of all its processes, shared parts counted once."""
    address_space: int = 4096 * MEGABYTE
    """Of one process; it stops what grows faster than memory is watched."""
    tasks: int = 256
    """Processes and threads."""
    files: int = 512
    """Open in one process."""
    file_size: int = 32 * MEGABYTE
    processor: int = 120
    """Processor time of one process."""
    scratch: int = 64 * MEGABYTE
    scratch_files: int = 4000

    def to_json(self) -> dict[str, Any]:
        """The limits as a JSON object."""
        return asdict(self)


class Cage:
    """Closes processes in. One for each host."""

    def __init__(self, limits: CageLimits, readable: Iterable[Path], place: Path) -> None:
        """Nothing is done yet.

        Args:
            limits: what a service may use.
            readable: folders of the Python installation.
            place: an empty folder to build a service's file system on.
        """
        self._limits = limits
        self._place = place
        self._readable = [Path(text) for text in _SYSTEM] + [Path(text) for text in _SETTINGS] + list(readable)

    def enclose(self, spec: Spec, descriptors: list[int], tell: Callable[[dict[str, Any]], None]) -> None:
        """Close this process in. It returns in the innermost process only.

        Args:
            spec: the service to come; its folder becomes readable, the folder of its database and its own writable.
            descriptors: what the service keeps; no other process of the cage does.
            tell: tells the host how the service ended, and by which limit.
        """
        try:
            self._enclose(spec, descriptors, tell)
        except OSError as fault:
            tell({"status": 1, "fault": f"the sandbox cannot be set up: {fault}"})
            os._exit(1)

    def _enclose(self, spec: Spec, descriptors: list[int], tell: Callable[[dict[str, Any]], None]) -> None:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        submission, scratch = Path(spec.folder), Path(spec.env["HOME"]).parent
        kernel.enter_user_namespace(kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC, as_user=USER)
        root = self._build(submission, scratch)
        reader, writer = os.pipe()
        warden = os.fork()
        if warden != 0:
            os.close(writer)
            _close(descriptors)
            tell(_await(warden, reader))
            os._exit(0)
        os.close(reader)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        self._move_in(root)
        service = os.fork()
        if service != 0:
            _close(descriptors)
            self._watch(service, writer)
        os.close(writer)
        os.setsid()  # Linux shares processor time among sessions first: the warden gets its turn, whatever runs here
        self._give_up_rights(submission, scratch)

    # The file system

    def _build(self, submission: Path, scratch: Path) -> Path:
        """Mount a new root with nothing in it but what the service may see."""
        kernel.mount("none", Path("/"), flags=kernel.MS_REC | kernel.MS_PRIVATE)
        root = self._place
        quiet = kernel.MS_NOSUID | kernel.MS_NODEV
        kernel.mount("tmpfs", root, "tmpfs", quiet, f"size={MEGABYTE},nr_inodes=500,mode=0755")
        # These first, because the installation itself may lie below one of them.
        temporary, shared = scratch / "tmp", root / "dev/shm"
        temporary.mkdir(exist_ok=True)
        (root / "tmp").mkdir()
        kernel.mount(str(temporary), root / "tmp", flags=kernel.MS_BIND)
        shared.mkdir(parents=True)
        kernel.mount("tmpfs", shared, "tmpfs", quiet, f"size={16 * MEGABYTE},nr_inodes=200,mode=1777")
        for path in self._readable:
            _show(path, root)
        for path, is_ours in ((submission, True), (scratch, False)):
            place = _show(path, root)
            flags = quiet | (kernel.MS_RDONLY if is_ours else 0)
            kernel.mount("none", place, flags=kernel.MS_BIND | kernel.MS_REMOUNT | flags)
        for name in _DEVICES:
            _show(Path("/dev") / name, root)
        (root / "proc").mkdir()
        (root / ".old").mkdir()
        return root

    def _move_in(self, root: Path) -> None:
        """Make the new root the only one there is. Runs in the new process namespace."""
        with suppress(OSError):  # refused where a container hides parts of its own /proc: then there is none at all
            kernel.mount("proc", root / "proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV)
        os.chdir(root)
        kernel.pivot_root(root, root / ".old")
        os.chdir("/")
        kernel.unmount(Path("/.old"))
        Path("/.old").rmdir()
        kernel.mount("none", Path("/"), flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | kernel.MS_NOSUID)

    # The warden

    def _watch(self, service: int, news: int) -> None:
        """Be process 1: wait for the service, and end the cage when it ends or takes too much. Never returns."""
        kernel.drop_capabilities()
        used = ""
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
            if status is None and (used := self._excess()):
                os.kill(service, signal.SIGKILL)
                status = -signal.SIGKILL
        if not used:
            # The signal says it; who ignores that one is killed two seconds later.
            spent = resource.getrusage(resource.RUSAGE_CHILDREN)
            is_over = spent.ru_utime + spent.ru_stime >= self._limits.processor
            if status == -signal.SIGXCPU or (status == -signal.SIGKILL and is_over):
                used = f"more than {self._limits.processor} seconds of processor time"
        os.write(news, f"{status} {used}".encode())
        os._exit(0)

    def _excess(self) -> str:
        """Which limit the processes of the cage exceed together, in words."""
        resident = tasks = 0
        others = [place for place in Path("/proc").iterdir() if place.name.isdigit() and place.name != "1"]
        most = self._limits.tasks - _TASKS_UNSEEN
        if len(others) < most:  # else there is no time to look at each: they all want the processor
            for place in others:
                with suppress(OSError, ValueError, IndexError):
                    resident += int((place / "statm").read_text(encoding="ascii").split()[1]) * _PAGE
                    tasks += len(list((place / "task").iterdir()))
        if max(tasks, len(others)) >= most:
            return f"more than {self._limits.tasks} processes and threads"
        if resident > self._limits.memory and sum(map(_proportional, others)) > self._limits.memory:
            return f"more than {self._limits.memory // MEGABYTE} MB of memory"
        return ""

    # The service

    def _give_up_rights(self, submission: Path, scratch: Path) -> None:
        limits = self._limits
        for what, most in (
            (resource.RLIMIT_AS, limits.address_space),
            (resource.RLIMIT_NPROC, limits.tasks),
            (resource.RLIMIT_NOFILE, limits.files),
            (resource.RLIMIT_FSIZE, limits.file_size),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_MEMLOCK, 0),
            (resource.RLIMIT_MSGQUEUE, 0),
        ):
            resource.setrlimit(what, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.processor, limits.processor + 2))
        kernel.drop_capabilities()
        devices = [Path("/dev") / name for name in (*_DEVICES, "shm")]
        # In /proc, a process without rights can change nothing but settings of its own.
        landlock.restrict([*self._readable, submission], [scratch, Path("/tmp"), Path("/proc"), *devices])
        seccomp.install()


_PAGE = os.sysconf("SC_PAGE_SIZE")


def _show(path: Path, root: Path) -> Path:
    """Make a file, folder or link of the present file system appear at the same place below ``root``."""
    place = root / path.relative_to("/")
    if path.is_symlink():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path.readlink())
    elif path.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        kernel.mount(str(path), place, flags=kernel.MS_BIND | kernel.MS_REC)
    elif path.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        kernel.mount(str(path), place, flags=kernel.MS_BIND)
    return place


def _await(warden: int, reader: int) -> dict[str, Any]:
    """Wait for the warden's word on the service, or for the warden's end."""
    select.select([reader], [], [])
    status, _, used = os.read(reader, _NEWS_BYTES).decode().partition(" ")
    os.waitpid(warden, 0)
    return {"status": int(status or -signal.SIGKILL), "limit": used}


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _proportional(process: Path) -> int:
    """Bytes of memory of a process, its share of what it shares with others."""
    with suppress(OSError, ValueError):
        for line in (process / "smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def installation() -> list[Path]:
    """The folders that this Python and its packages are read from."""
    found = {Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable).resolve().parent.parent}
    return sorted(path for path in found if not path.is_relative_to("/usr"))
