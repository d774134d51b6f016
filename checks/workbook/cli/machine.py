"""What can go wrong on a learner's machine, looked at one thing at a time, each with its mend.

Nothing here changes anything outside of a scratch folder.
"""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import sys
import tempfile
import time
import tomllib
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workbook
from workbook.bootstrap import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbook.course.model import Course

OLDEST_SQLITE = (3, 35)
"""The first with RETURNING, which SQLAlchemy uses where it can."""
KERNEL = "python3"
"""The kernel that the notebooks ask for."""
_SERVICE_SECONDS = 20.0
_ENDING_SECONDS = 2.0
"""How long a service may take to end after its run."""
_SERVICES = ("workbook.service.child.host", "workbook.service.child.start")
_SLOWING = {"PYTHONDONTWRITEBYTECODE": "every start compiles all libraries again, which takes three times as long"}
_MISLEADING = ("PYTHONPATH", "PYTHONHOME")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\\n]+))?", re.MULTILINE)
_LISTED = 4


class State(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; the workbook works."""
    FAULT = "fault"
    """The workbook, or a part of it, does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    text: str
    mend: str | None = None
    """What to do about it; None where all is well."""

    def to_json(self) -> dict[str, Any]:
        """The finding as ``workbook doctor --json`` writes it."""
        return asdict(self)


def examine(course: Course) -> Iterator[Finding]:
    """Look at everything, one finding at a time, the quick and fundamental ones first."""
    for name, look in _LOOKS:
        try:
            yield look(course)
        except Exception as fault:
            yield Finding(name, State.NOTE, f"could not be looked at: {type(fault).__name__}: {fault}", _report())


def _setup() -> str:
    return f"make setup, or without make: {one_line('setup')}"


def _report() -> str:
    return "please report this line"


def _python(course: Course) -> Finding:
    from packaging.specifiers import SpecifierSet

    wanted = str(_project(course)["requires-python"])
    version = "{}.{}.{}".format(*sys.version_info)
    if version in SpecifierSet(wanted):
        return Finding("Python", State.OK, version)
    return Finding(
        "Python", State.FAULT, f"{version}; the workbook needs {wanted}", "install a newer Python, then make setup"
    )


def _environment(course: Course) -> Finding:
    name, own = "Environment", course.root / ".venv"
    if Path(sys.prefix).resolve() == own.resolve():
        return Finding(name, State.OK, "the workbook's own, .venv")
    if own.is_dir():
        activate = r".venv\Scripts\activate" if sys.platform == "win32" else "source .venv/bin/activate"
        return Finding(name, State.NOTE, f"not the workbook's own but {sys.prefix}", activate)
    if sys.prefix == sys.base_prefix:
        return Finding(name, State.NOTE, "none: packages are shared with the whole machine", _setup())
    return Finding(name, State.OK, sys.prefix)


def _packages(course: Course) -> Finding:
    from packaging.requirements import Requirement

    name, faults = "Packages", list[str]()
    requirements = [Requirement(text) for text in _project(course)["dependencies"]]
    for requirement in requirements:
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        have = _version(requirement.name)
        if have is None:
            faults.append(f"{requirement.name} is missing")
        elif not requirement.specifier.contains(have, prereleases=True):
            faults.append(f"{requirement.name} is {have}, not {requirement.specifier}")
    if faults:
        return Finding(name, State.FAULT, _some(faults), _setup())
    return Finding(name, State.OK, f"all {len(requirements)} that are needed")


def _lock(course: Course) -> Finding:
    """Whether the environment is what requirements.lock names: it is not after an update of the course."""
    from packaging.markers import Marker

    name, file = "Lock", course.root / "requirements.lock"
    if not file.is_file():
        return Finding(name, State.NOTE, "there is no requirements.lock here", "take the whole workbook again")
    other: list[str] = []
    pinned = _PINNED.findall(file.read_text(encoding="utf-8"))
    for package, version, marker in pinned:
        if marker and not Marker(marker.strip()).evaluate():
            continue
        have = _version(package)
        if have != version:
            other.append(f"{package} is {have or 'missing'}, not {version}")
    if other:
        return Finding(name, State.NOTE, f"the environment is not up to date: {_some(other)}", _setup())
    return Finding(name, State.OK, "the environment is what requirements.lock names")


def _installed(course: Course) -> Finding:
    here, found = course.checks_dir / "workbook", Path(workbook.__file__).parent
    if found.resolve() == here.resolve():
        return Finding("Workbook", State.OK, f"{workbook.__version__}, installed from this folder")
    return Finding("Workbook", State.FAULT, f"it is installed from another folder, {found}", _setup())


def _variables(_course: Course) -> Finding:
    name = "Variables"
    for variable, effect in _SLOWING.items():
        if os.environ.get(variable):
            return Finding(name, State.NOTE, f"{variable} is set: {effect}", _unset(variable))
    for variable in _MISLEADING:
        if os.environ.get(variable):
            text = f"{variable} is set: other packages than the workbook's may be found"
            return Finding(name, State.NOTE, text, _unset(variable))
    return Finding(name, State.OK, "nothing that changes how Python starts")


def _unset(variable: str) -> str:
    return f"Remove-Item Env:{variable}" if sys.platform == "win32" else f"unset {variable}"


def _write_access(course: Course) -> Finding:
    name = "Write access"
    for folder in (course.lessons_dir, course.state_dir):
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder, prefix=".doctor-"):
                pass
        except OSError as fault:
            text = f"{folder.name}/ cannot be written: {fault.strerror or fault}"
            return Finding(name, State.FAULT, text, f"make {folder} yours, or free some space on its disk")
    return Finding(name, State.OK, "lessons/ and .workbook/")


def _sockets(_course: Course) -> Finding:
    name = "Sockets"
    try:
        _try_loopback()
    except OSError as fault:
        text = f"a port of 127.0.0.1 cannot be had: {fault.strerror or fault}"
        return Finding(name, State.FAULT, text, "let Python use 127.0.0.1 in the firewall or sandbox of this machine")
    if sys.platform == "win32":
        return Finding(name, State.OK, "a port of 127.0.0.1")
    try:
        _try_unix_socket()
    except OSError as fault:
        text = f"a socket cannot be made in {tempfile.gettempdir()}: {fault.strerror or fault}"
        return Finding(name, State.FAULT, text, "TMPDIR=/tmp: the folder must be writable and its path short")
    return Finding(name, State.OK, "a port of 127.0.0.1, and a socket in the folder for scratch files")


def _try_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass


def _try_unix_socket() -> None:
    if sys.platform == "win32":
        return
    base = "/tmp" if sys.platform == "darwin" else None  # as workbook.service.parent.process chooses it
    with tempfile.TemporaryDirectory(prefix="workbook-", dir=base) as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s100-0123abcd.sock")


def _database(_course: Course) -> Finding:
    """SQLite, which comes with Python; or the PostgreSQL server that the checks are told to use, with a try."""
    from workbook.service.database.databases import SETTING, make_databases
    from workbook.service.database.problem import DatabaseProblem

    name, version = "Database", sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        text = f"SQLite {version}; the lessons need {'.'.join(map(str, OLDEST_SQLITE))} or newer"
        return Finding(name, State.FAULT, text, "install a newer Python, which brings its own SQLite, then make setup")
    if not os.environ.get(SETTING):
        return Finding(name, State.OK, f"SQLite {version}")
    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        try:
            databases = make_databases(Path(folder))
            databases.new("doctor")
            databases.close()
        except DatabaseProblem as problem:
            return Finding(name, State.FAULT, problem.looks_like, f"set {SETTING} right, or unset it to use SQLite")
    return Finding(name, State.OK, f"the one that {SETTING} names")


def _kernel(_course: Course) -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    name = "Notebooks"
    mend = f"{Path(sys.executable).name} -m ipykernel install --sys-prefix"
    try:
        argv = [str(part) for part in KernelSpecManager().get_kernel_spec(KERNEL).argv]
    except NoSuchKernel:
        return Finding(name, State.FAULT, f"the kernel {KERNEL} is not found", mend)
    program = argv[0] if argv else ""
    # A bare name such as "python" stands for the Python that JupyterLab itself runs on.
    if os.sep in program and Path(program).absolute() != Path(sys.executable).absolute():
        return Finding(name, State.FAULT, f"the kernel {KERNEL} runs another Python, {program}", mend)
    return Finding(name, State.OK, f"the kernel {KERNEL} runs this Python")


def _leftovers(_course: Course) -> Finding:
    """Service processes whose run of checks is gone; they end by themselves unless something keeps them from it."""
    name, orphans = "Processes", _orphans()
    if orphans:
        time.sleep(_ENDING_SECONDS)
        orphans &= _orphans()
    if not orphans:
        return Finding(name, State.OK, "no service is left over from an earlier run")
    stop = "taskkill /F /PID" if sys.platform == "win32" else "kill"
    numbers = " ".join(map(str, sorted(orphans)))
    return Finding(name, State.NOTE, f"left over from an earlier run: {numbers}", f"{stop} {numbers}")


def _orphans() -> set[int]:
    """The process ids of services that have no run of checks above them."""
    import psutil

    pids: set[int] = set()
    for process in psutil.process_iter(["cmdline"]):
        if any(part in _SERVICES for part in process.info["cmdline"] or ()):
            with suppress(psutil.Error):
                parent = process.parent()
                if parent is None or "python" not in parent.name().lower():
                    pids.add(process.pid)
    return pids


def _service(_course: Course) -> Finding:
    """Start a service of a tiny app and ask it something, exactly as the checks do."""
    from workbook.service.parent.process import make_launcher, service_environment
    from workbook.service.parent.service import Service
    from workbook.service.protocol.spec import Limits, Spec

    name, launcher = "Service", make_launcher()
    try:
        home = launcher.new_home()
        lesson = home / "lesson"
        lesson.mkdir()
        (lesson / "main.py").write_text(_TINY_APP, encoding="utf-8")
        spec = Spec(folder=str(lesson), app="main:app", env=service_environment(home))
        service = Service(launcher, spec, Limits(start=_SERVICE_SECONDS))
        try:
            answer = service.client.get("/").text
        finally:
            service.close()
    except Exception as fault:
        text = f"a service could not be started: {fault}"
        return Finding(name, State.FAULT, _one_line(text), "mend the faults above first, then try again")
    finally:
        launcher.close()
    if answer == '"well"':
        return Finding(name, State.OK, "a small app was started, asked and stopped")
    return Finding(name, State.FAULT, f"a small app answered {answer[:60]!r}", _report())


_TINY_APP = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def root() -> str:
    return "well"
"""


def _sandbox(course: Course) -> Finding:
    """Only an instructor needs it, so its lack is no fault."""
    if sys.platform != "linux":  # before anything is imported that is Linux's alone
        fix = "grade on a Linux machine, in WSL, or in CI; learners need no sandbox"
        return Finding("Sandbox", State.NOTE, "a class cannot be graded here: the sandbox exists on Linux only", fix)
    from workbook.grading.sandbox.available import fix_of, try_sandbox

    status = try_sandbox(course.root)
    if not status.complete:
        return Finding("Sandbox", State.NOTE, f"a class cannot be graded here: {status.text}", fix_of(status))
    text = f"{status.text}: a class can be graded"
    return Finding("Sandbox", State.OK if not status.note else State.NOTE, text, status.note)


_LOOKS: tuple[tuple[str, Callable[[Course], Finding]], ...] = (
    ("Python", _python),
    ("Environment", _environment),
    ("Packages", _packages),
    ("Lock", _lock),
    ("Workbook", _installed),
    ("Variables", _variables),
    ("Write access", _write_access),
    ("Sockets", _sockets),
    ("Database", _database),
    ("Notebooks", _kernel),
    ("Processes", _leftovers),
    ("Service", _service),
    ("Sandbox", _sandbox),
)


def _project(course: Course) -> dict[str, Any]:
    return tomllib.loads((course.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _some(items: list[str]) -> str:
    more = len(items) - _LISTED
    return ", ".join(items[:_LISTED]) + (f", and {more} more" if more > 0 else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
