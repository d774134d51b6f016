"""The reduced sandbox, for machines that refuse namespaces, such as Gradescope's containers.

Two things keep a service from the grader's files, and each of them is enough: another user, where root grades and
other users can reach Python; and Landlock, where the kernel has it. Beside them, a filter of system calls, no
capabilities, and limits for each process. What only namespaces and control groups give is missing, and ``CANNOT`` says
what that is; the report shows it in red.

Run as ``python -I -m workbook.grading.sandbox.reduced FD SCRATCH SETTINGS``, it is the host of services, like
``workbook.grading.sandbox.host``; as ``… reduced try`` it closes itself in once and prints the layers as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import workbook
from workbook.grading.sandbox import filesystem, jail, kernel, landlock, seccomp
from workbook.grading.sandbox.limits import SandboxLimits
from workbook.service.child.host import serve_orders
from workbook.service.protocol.spec import Spec

CANNOT = (
    "Without namespaces, submitted code can reach the network, see that other processes run, and find what another one "
    "left in shared memory; memory and processes are limited one by one, not together"
)
_FIRST_USER, _USERS = 63_100, 1_800
"""Users that no system hands out (Debian's policy keeps 60000 to 64999 apart, and gives them out on request only)."""


class ReducedJail:
    """Closes processes in, as far as that is possible without namespaces. One for each host."""

    def __init__(self, limits: SandboxLimits, root: Path, work: Path) -> None:
        """Make the services' homes.

        Args:
            limits: what each process may use.
            root: a folder for the homes of the services.
            work: the worker's folder; its group is the user that services become.
        """
        self._limits = limits
        self._root = root
        self._work = work
        self._own_user = another_user()
        self._user = work.stat().st_gid
        self.begin_submission()

    def begin_submission(self) -> None:
        """Nothing stays of the last one."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir(mode=0o711)
        if self._own_user:
            for left in filesystem.SHARED.glob("*"):
                if left.lstat().st_uid == self._user and (left.is_symlink() or not left.is_dir()):
                    left.unlink()

    def enclose(self, spec: Spec, descriptors: list[int], tell: Callable[[dict[str, Any]], object]) -> Spec:
        """Close this process in; see ``Jail.enclose``. The service is this very process."""
        try:
            return self._enclose(spec, descriptors)
        except OSError as error:
            tell({"status": 1, "fault": f"the reduced sandbox cannot be set up: {error}"})
            os._exit(1)

    def _enclose(self, spec: Spec, descriptors: list[int]) -> Spec:
        database = jail.database_of(spec, self._work)
        home = Path(tempfile.mkdtemp(dir=self._root))
        given = [home, *([database, *database.iterdir()] if database is not None else [])]
        for descriptor in descriptors[2:]:
            os.fchmod(descriptor, 0o666)  # so that /dev/stdout can be opened by the service's own user
        if self._own_user:
            for place in given:
                os.chown(place, self._user, self._user, follow_symlinks=False)
            kernel.become(self._user)
        jail.set_limits(self._limits, count_tasks=self._own_user)
        os.umask(0o022)
        kernel.drop_capabilities()
        if landlock.version():
            devices = [Path("/dev", name) for name in (*filesystem.DEVICES, "shm", "pts", "ptmx")]
            # The lesson is read by the checks, too: here, where a service has no copy, it cannot be changed.
            readable = [*filesystem.readable(), Path(spec.folder), Path("/proc")]
            landlock.restrict([], readable, [home, *devices], database)
        seccomp.install()
        return replace(spec, env=spec.env | jail.variables(spec, database, self._work, home, home))


def work_folder() -> Path:
    """Make a folder for a worker, and let temporary files of this process lie beside it from now on.

    They are not in shared memory, which services may change, because the locks of processes lie there.
    """
    if Path(tempfile.gettempdir()).resolve().is_relative_to(filesystem.SHARED):
        tempfile.tempdir = "/tmp"
    return Path(tempfile.mkdtemp(prefix="workbook-grade-"))


def open_to_services(work: Path) -> None:
    """Let the services of this worker, and of no other one, pass through its folder: they are its group."""
    if another_user():
        os.chown(work, 0, _FIRST_USER + os.getpid() % _USERS)
    work.chmod(0o710)


def missing() -> str:
    """What the reduced sandbox lacks here; empty where it can be built."""
    if sys.platform != "linux":
        return "it exists on Linux only"
    if not seccomp.is_available():
        return "no filter of system calls is known for this processor"
    if not another_user() and not landlock.version():
        return "it needs a kernel with Landlock, or root and a Python that other users can reach"
    return ""


def another_user() -> bool:
    """Whether services can be another user than the grader, and run this Python all the same."""
    folders = [*filesystem.installation(), Path(workbook.__file__).parent]
    needed = {parent for folder in folders for parent in (folder, *folder.parents)}
    return os.getuid() == 0 and all(folder.stat().st_mode & stat.S_IXOTH for folder in needed)


def _try() -> None:
    """Close this process in, and say what holds."""
    layers = ["another user for services"] if another_user() else []
    layers += [f"Landlock (version {landlock.version()})"] if landlock.version() else []
    work = work_folder()
    try:
        open_to_services(work)
        (work / "lesson").mkdir()
        (work / "ours").write_text("ours", encoding="utf-8")
        (work / "ours").chmod(0o600)
        enclosure = ReducedJail(SandboxLimits(), work / "homes", work)
        reader, writer = os.pipe()
        if os.fork() == 0:
            spec = Spec(str(work / "lesson"), "app.main:app", {})
            enclosure.enclose(spec, [], lambda facts: os.write(writer, str(facts["fault"]).encode()))
            os.write(writer, _reached(work / "ours").encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as words:
            said = words.read()
        os.wait()
    finally:
        shutil.rmtree(work)
    layers += ["seccomp", "limits of each process"]
    print(json.dumps({"layers": ", ".join(layers)} if said == "held" else {"missing": said or "it ended at once"}))


def _reached(file: Path) -> str:
    try:
        file.read_text(encoding="utf-8")
    except OSError:
        return "held"
    return "a service can read the grader's files"


def main() -> None:
    """Start services, each closed in; or try it once."""
    if sys.argv[1] == "try":
        _try()
        return
    settings = json.loads(sys.argv[3])
    serve_orders(ReducedJail(SandboxLimits(**settings["limits"]), Path(settings["root"]), Path(settings["work"])))


if __name__ == "__main__":
    main()
