"""The jail around each service: a process that is about to become one closes itself in, before it reads learner code.

Three processes come of it. The outermost waits, outside of all that follows, and tells the host how the service ended.
In the middle, as process 1 of a process namespace, stands the monitor: when it ends, the kernel ends every process of
the jail, double forks and new sessions included. The innermost is the service, which

- sees a file system of its own (see ``filesystem``): Python, a copy of the submission, empty folders, its database
- shares the worker's network, in which there is nothing but the upstream that the checks run
- is another user than the worker (where root started that), without capabilities, under Landlock, a filter of system
  calls, limits, and a control group where the machine has them

Whatever cannot be set up ends the process: nothing runs in half a jail.
"""

from __future__ import annotations

import os
import resource
import select
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbook.grading.sandbox import filesystem, kernel, landlock, monitor, seccomp
from workbook.grading.sandbox.cgroups import ServiceGroup
from workbook.grading.sandbox.limits import SandboxLimits
from workbook.grading.sandbox.users import service_user
from workbook.service.database.databases import DATABASES
from workbook.service.protocol.spec import Spec

_REPORT_BYTES = 4096
_SQLITE = "sqlite:///"
_NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC


class Jail:
    """Closes processes in. One for each host."""

    def __init__(self, limits: SandboxLimits, root: Path, work: Path) -> None:
        """Nothing is done yet.

        Args:
            limits: what the services of one submission may use.
            root: an empty folder to build a service's file system on.
            work: the worker's folder. A service sees nothing of it but its lesson and the folder of its database.
        """
        self._limits = limits
        self._root = root
        self._work = work
        self._user = service_user()
        self._group = ServiceGroup.find()
        self._meter = monitor.Meter()
        self.begin_submission()

    def begin_submission(self) -> None:
        """Count from here: everything of the last submission has ended."""
        self._meter.clear()
        if self._group is not None:
            self._group.begin()

    def enclose(self, spec: Spec, descriptors: list[int], tell: Callable[[dict[str, Any]], None]) -> Spec:
        """Close this process in. It returns in the innermost process only.

        Args:
            spec: the service to come.
            descriptors: what the service keeps (HTTP, control, output); no other process of the jail does.
            tell: tells the host how the service ended, and by which limit.

        Returns:
            The spec with the variables that are right inside.
        """
        try:
            return self._enclose(spec, descriptors, tell)
        except OSError as error:
            tell({"status": 1, "fault": f"the sandbox cannot be set up: {error}"})
            os._exit(1)

    def _enclose(self, spec: Spec, descriptors: list[int], tell: Callable[[dict[str, Any]], None]) -> Spec:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        lesson, database = Path(spec.folder), database_of(spec, self._work)
        kernel.unshare(_NAMESPACES)
        filesystem.build(self._root, lesson, database, self._limits, self._user)
        self._meter.begin()
        in_memory = [filesystem.TEMPORARY, filesystem.SHARED, *([database] if database is not None else [])]
        usage = monitor.CountedUsage(self._limits, self._meter, in_memory)
        membership = None
        if self._group is not None:
            usage, membership = self._group.open(self._limits)
        for descriptor in descriptors[2:]:
            os.fchmod(descriptor, 0o666)  # so that /dev/stdout can be opened by the service's own user
        reader, writer = os.pipe()
        first = os.fork()
        if first != 0:
            os.close(writer)
            _close(descriptors)
            tell(_await(first, reader))
            os._exit(0)
        os.close(reader)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        filesystem.enter(self._root)
        service = os.fork()
        if service != 0:
            _close(descriptors)
            monitor.watch(service, usage, writer)
        os.close(writer)
        self._meter.close()
        os.setsid()  # Linux shares processor time among sessions first: the monitor gets its turn, whatever runs here
        if membership is not None:
            membership.join()
        self._give_up_rights(lesson, database)
        return replace(spec, env=spec.env | self._variables(spec, database))

    def _variables(self, spec: Spec, database: Path | None) -> dict[str, str]:
        """The variables that are different inside."""
        return variables(spec, database, self._work, filesystem.HOME, filesystem.TEMPORARY)

    def _give_up_rights(self, lesson: Path, database: Path | None) -> None:
        if self._user != 0:
            kernel.become(self._user)
        kernel.enter_user_namespace(0, as_user=filesystem.USER)
        set_limits(self._limits)
        os.umask(0o022)
        kernel.drop_capabilities()
        devices = [Path("/dev", name) for name in (*filesystem.DEVICES, "shm", "pts")]
        # In /proc, a process without rights can change nothing but settings of its own.
        writable = [*filesystem.WRITABLE, lesson, Path("/proc"), *devices]
        landlock.restrict([Path("/")], filesystem.readable(), writable, database)
        seccomp.install()


def database_of(spec: Spec, work: Path) -> Path | None:
    """The folder of the database that the checks made for this service, below the worker's folder."""
    folder = Path(spec.env.get("DATABASE_URL", "").removeprefix(_SQLITE)).parent
    is_ours = folder.is_relative_to(work) and folder.parent.name == DATABASES
    return folder if is_ours and folder.is_dir() else None


def variables(spec: Spec, database: Path | None, work: Path, home: Path, temporary: Path) -> dict[str, str]:
    """The variables that are different for a service that is closed in: where it is at home, and its database."""
    values: dict[str, str] = {}
    for names, value in (
        (("HOME", "USERPROFILE"), home),
        (("TMPDIR", "TEMP", "TMP"), temporary),
        (("USER", "LOGNAME"), filesystem.NAME),
    ):
        values |= dict.fromkeys(names, str(value))
    if database is None and spec.env.get("DATABASE_URL", "").startswith(f"{_SQLITE}{work}"):
        values["DATABASE_URL"] = f"{_SQLITE}{home / 'unused.db'}"
    return values


def set_limits(limits: SandboxLimits, *, count_tasks: bool = True) -> None:
    """Limit what this process, and each of its children, may use.

    Args:
        limits: how much.
        count_tasks: also the processes of its user; not where others have the same user.
    """
    for what, most in (
        (resource.RLIMIT_AS, limits.address_space),
        *([(resource.RLIMIT_NPROC, limits.tasks)] if count_tasks else []),
        (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.processor + 1, limits.processor + 3))


def _await(first: int, reader: int) -> dict[str, Any]:
    """Wait for the monitor's exit report, or for the monitor's end."""
    select.select([reader], [], [])
    status, _, excess = os.read(reader, _REPORT_BYTES).decode().partition(" ")
    os.waitpid(first, 0)
    return {"status": int(status or -signal.SIGKILL), "limit": excess}


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
