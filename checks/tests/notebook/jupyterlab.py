"""A JupyterLab on a copy of the course, and what a learner does in it, for the tests and the benchmark in a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from workbook.course.model import Course, find_course
from workbook.service.protocol.loopback import listen

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SECONDS = 1_000.0
"""Playwright counts in milliseconds."""
START_LIMIT = 60.0
RUN_LIMIT = 240.0
"""Seconds in which all cells of a notebook have to be done, on a busy machine too."""
IDLE = "text='Python 3 (ipykernel) | Idle'"
"""What the status bar says once the kernel is there and waits."""
MAIN = "lessons/lesson_01/app/main.py"
SOLVED_1_1 = """\
from typing import Any

from fastapi import FastAPI

app = FastAPI(title="Recipe API", version="1.0.0")


@app.get("/")
def root() -> dict[str, Any]:
    return {"message": "Welcome to the Recipe API", "docs": "/docs"}


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
"""


class Lab:
    """A JupyterLab on a copy of the course."""

    def __init__(self, root: Path, address: str, workbook: str, env: dict[str, str]) -> None:
        self.root = root
        self.url, _, self._token = address.replace("/lab?", "?").partition("?token=")
        self.url = self.url.partition("/lab")[0]
        self.course = Course(root)
        self.workbook = workbook
        self.env = env

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask JupyterLab's server."""
        headers = {"Authorization": f"token {self._token}"}
        return httpx.request(method, f"{self.url}/api/{path}", headers=headers, timeout=60, **options)

    def address(self, lesson: int) -> str:
        """Where a lesson's workspace is."""
        return f"{self.url}/lab/workspaces/lesson-{lesson}?token={self._token}"

    def settings(self, plugin: str, raw: str) -> None:
        """Choose settings as a learner would in JupyterLab; ``"{}"`` takes them back."""
        url = f"{self.url}/lab/api/settings/{plugin}"
        headers = {"Authorization": f"token {self._token}"}
        httpx.put(url, json={"raw": raw}, headers=headers, timeout=60).raise_for_status()

    def run(self, *words: str) -> str:
        """Use the command line, as in JupyterLab's terminal."""
        command = [self.workbook, *words]
        ran = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, check=False)
        return ran.stdout + ran.stderr

    def first_day(self) -> None:
        """Bring back the first day: no kernels, the starters, and nothing that a learner has made."""
        for session in self.api("GET", "sessions").json():
            self.api("DELETE", f"sessions/{session['id']}")
        for terminal in self.api("GET", "terminals").json():
            self.api("DELETE", f"terminals/{terminal['name']}")
        for made in (".workbook", "notebooks/mine", "lessons"):
            shutil.rmtree(self.root / made, ignore_errors=True)
        _copy(find_course().root, self.root, "lessons")


def _copy(real: Path, root: Path, name: str) -> None:
    unwanted = shutil.ignore_patterns("__pycache__", "tests", ".ipynb_checkpoints", "*.db", ".env", "mine")
    shutil.copytree(real / name, root / name, ignore=unwanted)


@contextmanager
def running_lab(root: Path, home: Path, lesson: int) -> Generator[Lab]:
    """JupyterLab as ``workbook lab 2 --no-browser`` starts it, on a copy of the course.

    Args:
        root: where the copy goes.
        home: the learner's home folder.
        lesson: the lesson to begin with.
    """
    real = find_course().root
    root.mkdir(parents=True)
    home.mkdir(parents=True, exist_ok=True)
    for name in ("lessons", "checks", "notebooks", "solutions"):
        _copy(real, root, name)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(real / name, root)
    own = ("PYTEST_", "WORKBOOK_", "JUPYTER_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(own)} | {"HOME": str(home)}
    workbook = str(Path(os.environ.get("WORKBOOK_LEARNER", sys.executable)).with_name("workbook"))
    with listen() as free:
        port = free.getsockname()[1]
    log = home / "jupyter.log"
    command = [workbook, "lab", str(lesson), "--no-browser", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Lab(root, printed_address(process, log), workbook, env)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def printed_address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+token=\w+", log.read_text(encoding="utf-8"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError("JupyterLab printed no address:\n" + log.read_text(encoding="utf-8"))


def cell_with(page: Page, source: str) -> Locator:
    """The first code cell whose source holds a text. Far cells are not in the page: one has to scroll, as a learner."""
    cell = page.locator(".jp-NotebookPanel .jp-CodeCell", has_text=source).first
    window = page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer")
    for _ in range(200):
        if cell.count():
            cell.scroll_into_view_if_needed()
            return cell
        window.evaluate("window => window.scrollBy(0, 400)")
        page.wait_for_timeout(50)
    raise AssertionError(f"no cell holds {source!r}")


def run_cell(page: Page, source: str) -> Locator:
    """Run a cell by keyboard."""
    cell = cell_with(page, source)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    return cell


def check_1_1(page: Page) -> Locator:
    """Run ``%check 1.1``, and give its card."""
    cell = run_cell(page, "%check 1.1")
    cell.locator(".wb-buttons").wait_for()
    return cell


def write(lab: Lab, name: str, text: str) -> None:
    (lab.root / name).write_text(text, encoding="utf-8")


@contextmanager
def renewed(card: Locator, text: str, seconds: float = 30.0) -> Generator[None]:
    """What is done inside makes the card show a text that it did not show before."""
    assert text not in card.inner_text()
    yield
    card.get_by_text(text).first.wait_for(timeout=seconds * SECONDS)


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
