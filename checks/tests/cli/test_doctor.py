"""``workbook doctor``: each trouble is named, with its mend."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import Result

import workbook
from workbook.cli import machine as doctor
from workbook.cli.machine import Finding, State
from workbook.course.model import Course, find_course
from workbook.grading.sandbox import available
from workbook.grading.sandbox.available import SandboxStatus

Run = Callable[..., Result]

NAMES = [
    "Python",
    "Environment",
    "Packages",
    "Lock",
    "Workbook",
    "Variables",
    "Write access",
    "Sockets",
    "Database",
    "Notebooks",
    "Processes",
    "Service",
    "Sandbox",
]


@pytest.fixture
def look(course: Course) -> Callable[[str], Finding]:
    """Look at one thing: ``look("Python")``."""
    looks = dict(doctor._LOOKS)  # pyright: ignore[reportPrivateUsage]
    return lambda name: looks[name](course)


Look = Callable[[str], Finding]


def _both_walls(_root: Path) -> SandboxStatus:
    return SandboxStatus(True, "two walls")


def test_the_healthy(look: Look, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "WORKBOOK_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    (course.root / "requirements.lock").write_text("", encoding="utf-8")
    monkeypatch.setattr(workbook, "__file__", str(course.checks_dir / "workbook" / "__init__.py"))
    monkeypatch.setattr(doctor, "_orphans", set[int])  # other runs of this machine are not this test's business
    monkeypatch.setattr(available, "try_sandbox", _both_walls)
    findings = list(doctor.examine(course))
    assert [finding.name for finding in findings] == NAMES
    assert [finding for finding in findings if finding.state is not State.OK] == []
    assert not any(finding.mend for finding in findings)


def test_another_system_is_asked_for_nothing_of_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's own modules cannot even be imported there."""
    monkeypatch.setitem(sys.modules, "workbook.grading.sandbox.available", None)
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(platform="win32"))
    find = next(find for name, find in getattr(doctor, "_LOOKS") if name == "Sandbox")  # noqa: B009 - it is private
    found = find(find_course())
    assert (found.state, found.text) == (
        State.NOTE,
        "a class cannot be graded here: the sandbox exists on Linux only",
    )


@pytest.mark.parametrize(
    ("missing", "mend"),
    [
        ("Grading in a sandbox needs bwrap: install the package bubblewrap of your system", "apt-get install"),
        ("bubblewrap cannot build the outer wall; AppArmor refuses user namespaces here", "sudo sysctl"),
        ("the inner wall cannot be built: no Landlock", "virtual machine"),
    ],
)
def test_a_machine_that_cannot_grade(look: Look, monkeypatch: pytest.MonkeyPatch, missing: str, mend: str) -> None:
    def walls(_root: Path) -> SandboxStatus:
        return SandboxStatus(False, missing)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(available, "try_sandbox", walls)
    found = look("Sandbox")
    assert (found.state, found.text) == (State.NOTE, f"a class cannot be graded here: {missing}")
    assert found.mend is not None
    assert mend in found.mend
    assert found.mend.endswith("learners need no sandbox")


def test_an_old_python(look: Look, course: Course) -> None:
    project = course.root / "pyproject.toml"
    project.write_text(project.read_text(encoding="utf-8").replace(">=3.11", ">=3.99"), encoding="utf-8")
    found = look("Python")
    assert (found.state, found.mend) == (State.FAULT, "install a newer Python, then make setup")
    assert found.text.endswith("; the workbook needs >=3.99")


def test_the_wrong_environment(look: Look, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    (course.root / ".venv").mkdir()
    monkeypatch.setattr(sys, "platform", "linux")
    assert look("Environment") == Finding(
        "Environment", State.NOTE, f"not the workbook's own but {sys.prefix}", "source .venv/bin/activate"
    )
    monkeypatch.setattr(sys, "prefix", str(course.root / ".venv"))
    assert look("Environment") == Finding("Environment", State.OK, "the workbook's own, .venv")


def test_no_environment(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    found = look("Environment")
    assert (found.state, found.text) == (State.NOTE, "none: packages are shared with the whole machine")
    assert found.mend is not None
    assert found.mend.startswith("make setup, or without make: ")


def test_missing_and_old_packages(look: Look, course: Course) -> None:
    project = course.root / "pyproject.toml"
    wanted = '["pytest>=9", "no-such-package>=1", "typer>=99", "gone; python_version < \'3\'"]'
    project.write_text(project.read_text(encoding="utf-8").replace('["pytest>=9"]', wanted), encoding="utf-8")
    found = look("Packages")
    assert found.state is State.FAULT
    assert found.text.startswith("no-such-package is missing, typer is ")
    assert found.text.endswith(", not >=99")


def test_a_stale_environment(look: Look, course: Course) -> None:
    file = course.root / "requirements.lock"
    assert look("Lock").text == "there is no requirements.lock here"
    file.write_text(
        "pytest==1.0 \\\n    --hash=sha256:00\nwinthing==1.0 ; sys_platform == 'never' \\\n    --hash=sha256:00\n"
        + "".join(f"missing-{number}==1\n" for number in range(9)),
        encoding="utf-8",
    )
    found = look("Lock")
    assert found.state is State.NOTE
    assert found.text.startswith("the environment is not up to date: pytest is 9.")
    assert found.text.endswith(", not 1.0, missing-0 is missing, not 1, missing-1 is missing, not 1, "
                               "missing-2 is missing, not 1, and 6 more")  # fmt: skip
    assert found.mend is not None


def test_a_workbook_of_another_folder(look: Look, course: Course) -> None:
    found = look("Workbook")
    assert found.state is State.FAULT
    assert found.text == f"it is installed from another folder, {Path(workbook.__file__).parent}"


def test_variables_that_slow_or_mislead(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    found = look("Variables")
    assert (found.state, found.mend) == (State.NOTE, "unset PYTHONPATH")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert look("Variables").mend == "unset PYTHONDONTWRITEBYTECODE"


def test_folders_that_cannot_be_written(look: Look, course: Course) -> None:
    course.state_dir.write_text("a file where a folder should be", encoding="utf-8")
    found = look("Write access")
    assert found.state is State.FAULT
    assert found.text.startswith(".workbook/ cannot be written: ")
    assert found.mend == f"make {course.state_dir} yours, or free some space on its disk"


@pytest.mark.skipif(sys.platform != "linux", reason="the scratch folder is chosen otherwise there")
def test_a_path_too_long_for_a_socket(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    found = look("Sockets")
    assert found.state is State.FAULT
    assert found.text == f"a socket cannot be made in {deep}: AF_UNIX path too long"
    assert found.mend == "TMPDIR=/tmp: the folder must be writable and its path short"


def test_no_loopback(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket, "create_server", refuse)
    found = look("Sockets")
    assert found.state is State.FAULT
    assert found.text == "a port of 127.0.0.1 cannot be had: Operation not permitted"


def test_an_old_sqlite(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.30.0")
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 30, 0))
    found = look("Database")
    assert (found.state, found.text) == (State.FAULT, "SQLite 3.30.0; the lessons need 3.35 or newer")


def test_a_database_server_that_is_not_there(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBOOK_DATABASE_URL", "mysql://localhost/none")
    found = look("Database")
    assert (found.state, found.text) == (
        State.FAULT,
        "the PostgreSQL server cannot be used: WORKBOOK_DATABASE_URL must begin with postgresql://",
    )
    assert found.mend == "set WORKBOOK_DATABASE_URL right, or unset it to use SQLite"


OLD = Path(os.sep) / "old" / "python"


@pytest.mark.parametrize(("argv", "text"), [([str(OLD), "-m"], f"runs another Python, {OLD}"), (None, "is not found")])
def test_a_kernel_that_is_not_right(
    look: Look, monkeypatch: pytest.MonkeyPatch, argv: list[str] | None, text: str
) -> None:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

    def get_kernel_spec(self: KernelSpecManager, name: str) -> KernelSpec:
        if argv is None:
            raise NoSuchKernel(name)
        return KernelSpec(argv=argv)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", get_kernel_spec)
    found = look("Notebooks")
    assert (found.state, found.text) == (State.FAULT, f"the kernel python3 {text}")
    assert found.mend == f"{Path(sys.executable).name} -m ipykernel install --sys-prefix"


@pytest.fixture
def orphan() -> Iterator[int]:
    """A process that looks like a service, and whose parent is gone."""
    start = (
        "import subprocess, sys\n"
        "sleep = 'import time; time.sleep(60)'\n"
        "command = [sys.executable, '-c', sleep, 'workbook.service.child.host']\n"
        "print(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)\n"
    )
    out = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True)
    pid = int(out.stdout)
    yield pid
    os.kill(pid, 15)


def test_processes_left_over(look: Look, orphan: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_ENDING_SECONDS", 0)
    found = look("Processes")
    assert found.state is State.NOTE
    assert str(orphan) in found.text.split(": ")[1].split()
    assert found.mend is not None
    assert found.mend.startswith(("kill ", "taskkill "))


def test_a_service_that_cannot_be_started(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_TINY_APP", "import no_such_module\n")
    found = look("Service")
    assert found.state is State.FAULT
    assert found.text.startswith("a service could not be started: ")
    assert "no_such_module" in found.text


def test_a_look_that_fails_is_a_finding(course: Course) -> None:
    (course.root / "pyproject.toml").unlink()
    found = next(iter(doctor.examine(course)))
    assert (found.name, found.state) == ("Python", State.NOTE)
    assert found.text.startswith("could not be looked at: FileNotFoundError: ")


WELL = Finding("Python", State.OK, "3.11.7")
ODD = Finding("Variables", State.NOTE, "X is set", "unset X")
ILL = Finding("SQLite", State.FAULT, "3.1; too old", "install a newer Python")


def examined(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> None:
    def examine(course: Course) -> Iterator[Finding]:
        return iter(findings)

    monkeypatch.setattr(doctor, "examine", examine)


def test_the_command_when_all_is_well(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    examined(monkeypatch, WELL, ODD)
    result = run("doctor")
    assert result.exit_code == 0
    assert result.stdout == (
        " ✔ Python        3.11.7\n ! Variables     X is set\n                 Mend: unset X\n\nAll is well.\n"
    )


def test_the_command_with_a_fault(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    examined(monkeypatch, WELL, ILL)
    result = run("doctor")
    assert result.exit_code == 1
    assert result.stdout.endswith(
        " ✘ SQLite        3.1; too old\n                 Mend: install a newer Python\n\n1 fault to mend.\n"
    )


def test_the_command_as_json(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    examined(monkeypatch, WELL, ILL)
    result = run("doctor", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "schema": "fastapi-workbook/doctor/v1",
        "healthy": False,
        "findings": [
            {"name": "Python", "state": "ok", "text": "3.11.7", "mend": None},
            {"name": "SQLite", "state": "fault", "text": "3.1; too old", "mend": "install a newer Python"},
        ],
    }
