"""``workbook serve`` and ``workbook lab``."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from typer.testing import Result

from workbook.cli import lab
from workbook.cli.foreground import run_in_front
from workbook.cli.serve import settings
from workbook.course import progress
from workbook.course.model import Course, Lesson
from workbook.course.results import Report
from workbook.service.protocol.loopback import listen

Run = Callable[..., Result]
MakeReport = Callable[..., Report]
Opened = list[tuple[list[str], Path, Mapping[str, str]]]

APP = """\
import os
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def root() -> dict[str, str]:
    return {"say": "one", "greeting": os.environ["GREETING"], "database": os.environ["DATABASE_URL"]}


@app.get("/leave")
def leave() -> None:
    os._exit(3)


@app.get("/hang")
async def hang() -> None:
    while True:
        pass
"""


class Terminal(Protocol):
    """See conftest.py."""

    def start(self, *arguments: str) -> subprocess.Popen[str]: ...


def test_settings_are_defaults_only(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    lesson, folder = course.lesson(1), course.solutions_dir / "lesson_01"
    database = course.state_dir / "databases" / "solutions-lesson_01.db"
    assert settings(course, lesson, folder) == {
        "GREETING": "hello",
        "DATABASE_URL": f"sqlite:///{database.as_posix()}",
    }
    assert database.parent.is_dir()
    monkeypatch.setenv("DATABASE_URL", "sqlite://")
    monkeypatch.setenv("GREETING", "good day")
    assert settings(course, lesson, folder) == {}


def test_a_port_that_is_taken(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("serve", "1", "--port", str(port))
    assert result.exit_code == 2
    assert result.stderr == f"Port {port} is in use: choose another, like --port {port + 1}.\n"


class Served:
    """A running ``workbook serve``, what it prints, and a client."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.client = httpx.Client(trust_env=False, timeout=5)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def open(self) -> None:
        """Wait until it says where it is served."""
        self.until(lambda: any("/docs" in line for line in self.lines))
        self.client.base_url = next(line.split()[-1] for line in self.lines if "live at" in line)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def close(self) -> None:
        """End it, if it still runs, and give everything back."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.client.close()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 40
        while not holds():
            assert time.monotonic() < deadline, "".join(self.lines)
            time.sleep(0.05)

    def text(self) -> str:
        """What the app answers, as soon as it answers."""
        try:
            return self.client.get("/").text
        except httpx.HTTPError:
            return ""


@contextmanager
def serving(terminal: Terminal, *arguments: str) -> Generator[Served]:
    served = Served(terminal.start("serve", *arguments, "--port", "0"))
    try:
        served.open()
        yield served
    finally:
        served.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_serving_a_learners_app(course: Course, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every save is what runs next: also one of the same size, a broken one, and one that ends an endless loop."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    main = course.lessons_dir / "lesson_01" / "app" / "main.py"
    main.write_text(APP, encoding="utf-8")
    with serving(terminal, "1") as served:
        served.until(lambda: '"say":"one"' in served.text())
        reply = served.client.get("/").json()
        assert reply["greeting"] == "hello"
        assert reply["database"].endswith("/.workbook/databases/lessons-lesson_01.db")
        assert served.client.get("/docs").status_code == 200

        main.write_text(APP.replace('"one"', '"two"'), encoding="utf-8")
        served.until(lambda: '"say":"two"' in served.text())

        main.write_text(APP + "def broken(:\n", encoding="utf-8")
        served.until(lambda: "SyntaxError" in served.text())
        assert served.text().startswith("The app does not start.\nSyntaxError: invalid syntax\napp/main.py, line 21\n")
        assert served.client.get("/anything").status_code == 500

        main.write_text(APP, encoding="utf-8")
        served.until(lambda: '"say":"one"' in served.text())
        with pytest.raises(httpx.TimeoutException):
            served.client.get("/hang", timeout=0.5)
        main.write_text(APP.replace('"one"', '"six"'), encoding="utf-8")
        served.until(lambda: '"say":"six"' in served.text())

        with pytest.raises(httpx.HTTPError):
            served.client.get("/leave")
        served.until(lambda: "The app has ended. Save a file to start it again.\n" in served.lines)
        main.write_text(APP, encoding="utf-8")
        served.until(lambda: '"say":"one"' in served.text())

        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(15) == 0
        assert "Traceback" not in "".join(served.lines)
    assert list(course.lessons_dir.rglob("*.pyc")) == []


def test_a_service_ends_with_the_command_that_served_it(course: Course, terminal: Terminal) -> None:
    (course.lessons_dir / "lesson_01" / "app" / "main.py").write_text(APP, encoding="utf-8")
    with serving(terminal, "1") as served:
        served.until(lambda: '"say":"one"' in served.text())
        served.process.kill()
        served.until(lambda: not served.text())


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """What was to run in front: the command, here only its facts, the folder and the environment."""
    asked: Opened = []

    def command(course: Course, lesson: Lesson, *, browser: bool, port: int) -> list[str]:
        return [lesson.name, str(browser), str(port)]

    def note(command: list[str], *, cwd: Path, env: Mapping[str, str]) -> int:
        asked.append((command, cwd, env))
        return 7

    with listen() as free:
        monkeypatch.setattr(lab, "PORT", free.getsockname()[1])
    monkeypatch.setattr(lab, "run_in_front", note)
    monkeypatch.setattr(lab, "has_screen", lambda: True)
    monkeypatch.setattr("workbook.notebook.lab.command", command)
    return asked


@pytest.mark.parametrize(("options", "browser"), [([], True), (["--no-browser"], False), (["--browser"], True)])
def test_lab(run: Run, course: Course, opened: Opened, options: list[str], browser: bool) -> None:
    assert run("lab", "2", *options).exit_code == 7
    [(command, folder, env)] = opened
    assert command == ["letters", str(browser), str(lab.PORT)]
    assert folder == course.root
    assert Path(shutil.which("workbook", path=env["PATH"]) or "").parent == Path(sys.executable).parent


def test_lab_without_a_lesson_opens_where_one_was_last(
    run: Run, course: Course, report: MakeReport, opened: Opened
) -> None:
    """On the first day that is the first exercise that has not passed; later what was open last."""
    progress.record(course, report({"1.1": "passed", "1.2": "passed"}), course.lessons_dir)
    run("lab")
    run("lab", "1")
    run("lab")
    assert [command[0] for command, _, _ in opened] == ["letters", "greetings", "greetings"]


def test_lab_opens_a_finished_course_too(run: Run, course: Course, report: MakeReport, opened: Opened) -> None:
    everything = {exercise.id: "passed" for lesson in course.lessons for exercise in lesson.exercises}
    progress.record(course, report(everything), course.lessons_dir)
    assert run("lab").exit_code == 7
    assert opened[0][0][0] == "letters"


def test_lab_says_when_a_port_is_taken(run: Run, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    with listen() as taken:
        port = taken.getsockname()[1]
        refused = run("lab", "1", "--port", str(port))
        monkeypatch.setattr(lab, "PORT", port)
        moved = run("lab", "1")
    assert refused.exit_code == 2
    assert refused.stderr == f"Port {port} is taken by another program: name another one with --port.\n"
    [(command, _, _)] = opened
    assert moved.stdout == f"Port {port} is taken by another program, so this is on port {command[2]}.\n"


def test_lab_finds_the_server_that_runs_already(
    run: Run, course: Course, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    server = {"root_dir": str(course.root), "url": "http://localhost:8890/", "token": "abc"}
    monkeypatch.setattr("jupyter_server.serverapp.list_running_servers", lambda: iter([server]))
    monkeypatch.setattr("typer.launch", shown.append)
    address = "http://localhost:8890/lab/workspaces/lesson-2?token=abc"
    said = run("lab", "2")
    assert said.exit_code == 0
    assert said.stdout == f"JupyterLab is running for this workbook already: {address}\n"
    assert shown == [address]
    run("lab", "2", "--no-browser")
    assert len(shown) == 1
    assert not opened


def test_whether_there_is_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not lab.has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert lab.has_screen()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert lab.has_screen()


def test_a_program_in_front_gives_its_exit_code(tmp_path: Path) -> None:
    script = "import os, sys; sys.exit(5 if os.path.samefile(os.getcwd(), sys.argv[1]) else 1)"
    assert run_in_front([sys.executable, "-c", script, str(tmp_path)], cwd=tmp_path) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_is_left_to_the_program_in_front(tmp_path: Path) -> None:
    """The program gets Ctrl-C and may take its time; its exit code is what comes out."""
    program = "import os, time\nos.kill(os.getppid(), 2)\ntime.sleep(0.3)\nraise SystemExit(9)"
    assert run_in_front([sys.executable, "-c", program], cwd=tmp_path) == 9
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
